/// Who of one event loop's sessions is in which conversation of many.
struct MemberTable: Sendable {
  private var members: [String: Set<UInt64>] = [:]

  /// The conversations that have members.
  var conversations: some Collection<String> { members.keys }

  /// Who is in a conversation.
  subscript(conversation: String) -> Set<UInt64> { members[conversation] ?? [] }

  /// A session comes in.
  mutating func add(_ session: UInt64, to conversation: String) {
    members[conversation, default: []].insert(session)
  }

  /// A session goes.
  mutating func remove(_ session: UInt64, from conversation: String) {
    guard members[conversation]?.remove(session) != nil else { return }
    if members[conversation]?.isEmpty == true { members[conversation] = nil }
  }
}
