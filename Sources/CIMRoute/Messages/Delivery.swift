import CIMCore
import CIMProtos
import NgRPC

/// Brings messages that are in the log to the servers of those they are for: one frame per server.
struct Delivery: Sendable {
  private let sessions: any SessionStore
  private let links: LinkSet

  init(sessions: any SessionStore, links: LinkSet) {
    self.sessions = sessions
    self.links = links
  }

  /// Delivers an entry to everyone it is for and who is online.
  ///
  /// It is called after the append. A session that is opened later reads the log; one that was opened before is found
  /// here.
  ///
  /// - Parameter device: the sender's device, which has it already.
  /// - Throws: `StoreError` when the sessions can't be looked up, `MessageDecodingError` for an entry that no route wrote.
  func deliver(_ entry: LogEntry, from device: DeviceID?) async throws {
    let message = try CimV1.Message(entry)
    guard case .direct(let pair) = entry.conversation else {
      let frame = try FramedMessage(CimV1.LinkRequest(frame: .deliver(CimV1.Deliver(message: message))))
      return links.broadcast(frame, of: message.conversation)
    }
    guard let recipient = pair.peer(of: entry.sender.id) else { return }
    let found = try await sessions.sessions(of: [recipient])[recipient] ?? []
    try deliver(message, to: found.filter { $0.user != entry.sender.id || $0.device != device })
  }

  /// Delivers a message to sessions.
  func deliver(_ message: CimV1.Message, to sessions: [CIMCore.Session]) throws {
    for (instance, group) in Dictionary(grouping: sessions, by: \.instance) {
      let deliver = CimV1.Deliver(message: message, sessions: group.map(CimV1.SessionRef.init))
      // A server that is dead took its sessions along: nobody is online there.
      _ = links.deliver(try FramedMessage(CimV1.LinkRequest(frame: .deliver(deliver))), to: instance)
    }
  }
}
