/// A device that is connected: where, and by which connection.
public struct Session: Hashable, Sendable {
  /// Whose.
  public let user: UserID

  /// Which device of the user.
  public let device: DeviceID

  /// What kind of device it is.
  public let kind: DeviceKind

  /// Which connection of the device.
  public let epoch: SessionEpoch

  /// The server that holds the connection. The session is void when this registration of the server is gone.
  public let instance: ServerInstance

  /// The generation of the login under which it connected.
  public let loginGeneration: UInt64

  /// Describes a session.
  public init(
    user: UserID, device: DeviceID, kind: DeviceKind = .unnamed, epoch: SessionEpoch,
    instance: ServerInstance, loginGeneration: UInt64
  ) {
    self.user = user
    self.device = device
    self.kind = kind
    self.epoch = epoch
    self.instance = instance
    self.loginGeneration = loginGeneration
  }
}
