/// A device of a user that has been let in.
public struct Login: Hashable, Sendable {
  /// What the device shows to prove it.
  public let token: LoginToken

  /// The user's device.
  public let device: DeviceID

  /// What kind of device it is.
  public let kind: DeviceKind

  /// Which login of the user this is: greater than that of every earlier login of the same user.
  public let generation: UInt64

  /// The user; the token names it.
  public var user: UserID { self.token.user }

  /// Describes a login.
  public init(token: LoginToken, device: DeviceID, kind: DeviceKind = .unnamed, generation: UInt64) {
    self.token = token
    self.device = device
    self.kind = kind
    self.generation = generation
  }
}
