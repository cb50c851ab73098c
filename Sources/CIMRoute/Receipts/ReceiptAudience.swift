import CIMCore

/// Who is told of a receipt: those who have said something that it is about.
struct ReceiptAudience: Sendable {
  /// The users that have a part in each conversation; of groups only the small ones.
  let members: [Conversation: [UserID]]
  /// Where the logs end, with the last entries of these.
  let ends: [Conversation: LogEnd]

  /// Those whose last entry came after the place up to which the reader had been: an earlier one was told of before.
  func recipients(of key: PendingReceipts.Key, _ stretch: PendingReceipts.Stretch) -> [UserID] {
    guard let end = ends[key.conversation] else { return [] }
    return (members[key.conversation] ?? []).filter { user in
      guard user != key.reader, let last = end.lastOwn[user] else { return false }
      return last > stretch.after
    }
  }
}
