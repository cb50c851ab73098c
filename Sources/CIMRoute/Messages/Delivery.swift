import CIMCore
import CIMProtos
import NIOCore
import NgRPC

/// Brings messages that are in the log to the servers of those they are for: one frame per server.
struct Delivery: Sendable {
  let sessions: any SessionStore
  let links: LinkSet
  let unresolved: Unresolved

  /// Delivers an entry to everyone it is for and who is online. The sender's sessions are among them: what was sent is part
  /// of the conversation on all devices, and the next message names it as its predecessor.
  ///
  /// It is called after the append, so that every session that was opened before it is found here. A session that is opened
  /// later finds the message in the log.
  ///
  /// - Throws: `StoreError` when the sessions can't be looked up, `MessageDecodingError` for an entry that no route wrote.
  func deliver(_ entry: LogEntry) async throws {
    let message = try CimV1.Message(entry)
    guard case .direct(let pair) = entry.conversation else {
      return links.broadcast(message, bytes: entry.frameBytes)
    }
    let users = pair.lower == pair.higher ? [pair.lower] : [pair.lower, pair.higher]
    let found = try await sessions.sessions(of: users)
    deliver(entry, message, to: users.flatMap { found[$0] ?? [] })
  }

  /// Delivers an entry to all sessions of a user, by name: those that are no members of its conversation yet become some.
  func deliver(_ entry: LogEntry, to user: UserID) async throws {
    let message = try CimV1.Message(entry)
    deliver(entry, message, to: try await sessions.sessions(of: [user])[user] ?? [])
  }

  /// Delivers an entry to sessions. Those whose server is not known here are looked up again: it is dead and took them
  /// along, or so new that this route has not heard of it.
  func deliver(_ entry: LogEntry, _ message: CimV1.Message, to sessions: [CIMCore.Session]) {
    for (instance, group) in Dictionary(grouping: sessions, by: \.instance) {
      let references = group.map(CimV1.SessionRef.init)
      let isKnown = links.deliver(message, to: references, on: instance, bytes: entry.frameBytes)
      if !isKnown { unresolved.add(entry.position, of: message.conversation, for: group.map(\.user)) }
    }
  }
}

extension LogEntry {
  /// About how many bytes a frame with it takes.
  var frameBytes: Int { content.readableBytes + 256 }
}
