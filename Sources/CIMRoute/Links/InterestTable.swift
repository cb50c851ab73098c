import CIMCore
import CIMProtos

/// Which servers have members of which conversations.
struct InterestTable: Sendable {
  private var servers: [String: Set<ServerInstance>] = [:]
  private var conversations: [ServerInstance: Set<String>] = [:]

  /// A server has told its conversations: all of them with its link's first word, then what has changed.
  mutating func apply(_ interest: CimV1.Interest, of server: ServerInstance, isFirst: Bool) {
    if isFirst { remove(server) }
    var known = conversations[server] ?? []
    for conversation in interest.removed where known.remove(conversation) != nil {
      servers[conversation]?.remove(server)
      if servers[conversation]?.isEmpty == true { servers[conversation] = nil }
    }
    for conversation in interest.added where known.insert(conversation).inserted {
      servers[conversation, default: []].insert(server)
    }
    conversations[server] = known
  }

  /// A server's link is down: what it will be interested in when that is up again is not known.
  mutating func remove(_ server: ServerInstance) {
    for conversation in conversations.removeValue(forKey: server) ?? [] {
      servers[conversation]?.remove(server)
      if servers[conversation]?.isEmpty == true { servers[conversation] = nil }
    }
  }

  /// The servers that have members of a conversation.
  func servers(of conversation: String) -> Set<ServerInstance> { servers[conversation] ?? [] }
}
