/// How far users have read, in each conversation. A mark says: everything up to here. It is the user's and not a device's.
///
/// Positions are compared by epoch, then by number.
public protocol ReadMarkStore: Store {
  /// Moves marks of users forward. What is not ahead of what is stored changes nothing.
  ///
  /// - Returns: what this call has moved, each once.
  func advance(
    _ marks: [UserID: [Conversation: LogPosition]]
  ) async throws(StoreError) -> [MarkMove]

  /// All marks of users, looked up at once. Users without one are absent from the answer.
  func marks(of users: [UserID]) async throws(StoreError) -> [UserID: [Conversation: LogPosition]]

  /// The marks of users in one conversation, looked up at once. Users without one are absent from the answer.
  func marks(
    of users: [UserID], in conversation: Conversation
  ) async throws(StoreError) -> [UserID: LogPosition]
}
