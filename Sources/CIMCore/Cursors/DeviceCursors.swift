/// How far a device and its user are.
public struct DeviceCursors: Hashable, Sendable {
  /// By conversation, how far the device is.
  public let device: [Conversation: LogPosition]

  /// By conversation, how far the furthest of the user's devices is or was.
  public let user: [Conversation: LogPosition]

  /// Describes a device's and its user's cursors.
  public init(device: [Conversation: LogPosition], user: [Conversation: LogPosition]) {
    self.device = device
    self.user = user
  }
}
