/// Buckets of tokens that all routes share. Times are by the store's clock.
///
/// Whoever is held to a limit takes a token for each thing that is done. Several limits count at once: what is taken is taken of all
/// buckets, or of none. A bucket of which nobody takes is full after a while, and is then kept no longer.
public protocol TokenStore: Store {
  /// Takes tokens, as many as are wanted or as there are.
  ///
  /// - Parameters:
  ///   - count: how many are wanted, at least 1.
  ///   - demand: of which buckets.
  func take(_ count: Int, by demand: TokenDemand) async throws(StoreError) -> TokenGrant
}

/// Of which buckets tokens are taken, and what limits these.
public struct TokenDemand: Hashable, Sendable {
  /// A bucket with its limit.
  public struct Part: Hashable, Sendable {
    /// Whose tokens.
    public let subject: TokenSubject
    /// How many of them there are.
    public let limit: RateLimit
  }

  /// The buckets, at least one.
  public let parts: [Part]

  /// What a device says: tokens of its user and its own, as far as these have limits.
  ///
  /// - Parameter device: nil for what no device says.
  /// - Returns: nil without limits.
  public init?(sender: UserID, _ user: RateLimit?, device: DeviceID?, _ ofDevice: RateLimit?) {
    var parts: [Part] = []
    if let user { parts.append(Part(subject: .user(sender), limit: user)) }
    if let device, let ofDevice {
      parts.append(
        Part(subject: .device(UserDevice(user: sender, device: device)), limit: ofDevice))
    }
    guard !parts.isEmpty else { return nil }
    self.parts = parts
  }

  /// A login from a network.
  public init(loginsFrom network: String, _ limit: RateLimit) {
    self.parts = [Part(subject: .logins(network), limit: limit)]
  }

  /// A registration from a network.
  public init(registrationsFrom network: String, _ limit: RateLimit) {
    self.parts = [Part(subject: .registrations(network), limit: limit)]
  }
}

/// What came of taking tokens.
public enum TokenGrant: Hashable, Sendable {
  /// So many were taken, at least 1.
  case granted(Int)
  /// There is none.
  case refused(TokenRefusal)
}

/// There is no token.
public struct TokenRefusal: Hashable, Sendable {
  /// Whose bucket is empty: the one for which the wait is longest.
  public let subject: TokenSubject

  /// After how many milliseconds there is a token, if nobody else takes it; at least 1.
  public let milliseconds: UInt64

  /// Describes a refusal.
  public init(_ subject: TokenSubject, milliseconds: UInt64) {
    self.subject = subject
    self.milliseconds = milliseconds
  }
}
