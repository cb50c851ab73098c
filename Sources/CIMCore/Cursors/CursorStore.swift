/// How far devices have stored what they got, in each conversation. A cursor says: everything up to here.
///
/// Positions are compared by epoch, then by number. A place with number 0 is one too: nothing yet.
public protocol CursorStore: Store {
  /// The cursors of devices and of their users, looked up at once. Every device that is asked for is in the answer.
  ///
  /// - Parameter conversations: for a device that is in it, only the cursors in these conversations.
  func cursors(
    of devices: [UserDevice], in conversations: [UserDevice: Set<Conversation>]
  ) async throws(StoreError) -> [UserDevice: DeviceCursors]

  /// How far the user's furthest device is in one conversation; `nil` when none has anything.
  func cursor(of user: UserID, in conversation: Conversation) async throws(StoreError) -> LogPosition?

  /// How far the furthest devices of users are in one conversation, looked up at once. Users of whom none has anything are
  /// absent from the answer.
  func cursors(
    of users: [UserID], in conversation: Conversation
  ) async throws(StoreError) -> [UserID: LogPosition]

  /// Moves cursors of devices, and of their users, forward. What is not ahead of what is stored changes nothing.
  ///
  /// - Returns: the users' cursors that this call has moved.
  @discardableResult
  func advance(_ advances: [CursorAdvance]) async throws(StoreError) -> [MarkMove]

  /// Gives a device its first cursor in a conversation, and with it the user's in all other conversations in which it has
  /// none: from there on it goes its own way. A device that has a cursor in that conversation has begun before, and nothing
  /// changes. The user's stay as they are.
  ///
  /// - Returns: the cursor that the device has now in that conversation.
  func begin(
    _ device: UserDevice, in conversation: Conversation, at position: LogPosition
  ) async throws(StoreError) -> LogPosition
}

extension CursorStore {
  /// The cursors of devices and of their users in all conversations, looked up at once.
  public func cursors(of devices: [UserDevice]) async throws(StoreError) -> [UserDevice: DeviceCursors] {
    try await self.cursors(of: devices, in: [:])
  }
}
