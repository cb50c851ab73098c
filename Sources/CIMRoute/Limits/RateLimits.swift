import CIMCore

/// How often things may be done; without a limit any number of times.
public struct RateLimits: Hashable, Sendable {
  /// Messages that a user sends or schedules, with all devices.
  public var user: RateLimit?

  /// Messages that one device sends or schedules.
  public var device: RateLimit?

  /// Logins from one IPv4 address or one IPv6 network of 64 bits.
  public var logins: RateLimit?

  /// Registrations from one IPv4 address or one IPv6 network of 64 bits.
  public var registrations: RateLimit?

  /// No limits.
  public static let none = Self()

  /// What a send costs; nil when it is free.
  func send(_ user: UserID, _ device: DeviceID?) -> TokenDemand? {
    TokenDemand(sender: user, self.user, device: device, self.device)
  }

  /// What a login costs; nil when it is free, as from a client that has no address.
  func login(from network: String?) -> TokenDemand? {
    guard let logins, let network else { return nil }
    return TokenDemand(loginsFrom: network, logins)
  }

  /// What a registration costs; nil when it is free, as from a client that has no address.
  func registration(from network: String?) -> TokenDemand? {
    guard let registrations, let network else { return nil }
    return TokenDemand(registrationsFrom: network, registrations)
  }
}
