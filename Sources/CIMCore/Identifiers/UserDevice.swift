/// One device of one user.
public struct UserDevice: Hashable, Sendable {
  /// The user.
  public let user: UserID

  /// The device.
  public let device: DeviceID

  /// Names a device.
  public init(user: UserID, device: DeviceID) {
    self.user = user
    self.device = device
  }
}
