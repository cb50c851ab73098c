/// The proof of a login: a user's id and 256 random bits.
///
/// The id is in it so that a store finds the user's slot without an index over all tokens.
public struct LoginToken: Hashable, Sendable, CustomStringConvertible {
  private static let secretBytes = 32

  /// Whose login it proves, if it is valid.
  public let user: UserID

  /// 32 bytes.
  private let secret: [UInt8]

  private init(user: UserID, secret: [UInt8]) {
    self.user = user
    self.secret = secret
  }

  /// A new token for a user, from the system's secure random numbers.
  public static func random(for user: UserID) -> Self {
    var generator = SystemRandomNumberGenerator()
    return Self(
      user: user,
      secret: (0..<Self.secretBytes).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
  }

  /// Parses `<user id>.<43 base64url characters>`; `nil` for anything else.
  public init?(_ text: String) {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, let user = UserID(text: parts[0]),
      let secret = Base64URL.decode(parts[1]), secret.count == Self.secretBytes
    else { return nil }
    self.init(user: user, secret: secret)
  }

  /// The whole token as it travels: `<user id>.<43 base64url characters>`. Keep it out of logs.
  public var text: String { "\(self.user).\(self.secretText)" }

  /// The secret part as 43 base64url characters, for stores. Keep it out of logs.
  public var secretText: String { Base64URL.encode(self.secret) }

  /// The user's id, with the secret left out.
  public var description: String { "\(self.user).…" }

  /// Whether both are the same token. The time it takes tells nothing of where two secrets differ.
  public static func == (lhs: Self, rhs: Self) -> Bool {
    let difference = zip(lhs.secret, rhs.secret).reduce(0 as UInt8) { $0 | ($1.0 ^ $1.1) }
    return lhs.user == rhs.user && difference == 0
  }
}
