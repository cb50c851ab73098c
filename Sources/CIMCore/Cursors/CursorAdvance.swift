/// News of how far a device has stored what it got.
public struct CursorAdvance: Hashable, Sendable {
  /// Which device.
  public let device: UserDevice

  /// By conversation, how far.
  public let positions: [Conversation: LogPosition]

  /// Describes how far a device is.
  public init(_ device: UserDevice, to positions: [Conversation: LogPosition]) {
    self.device = device
    self.positions = positions
  }
}
