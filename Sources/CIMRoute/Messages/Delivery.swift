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
  /// It is called after the append, so that every session that was opened before it is found here. A session that is opened
  /// later finds the message in the history.
  ///
  /// - Parameter device: the sender's device, which has it already.
  /// - Returns: the sessions that it is for and whose server is not known here.
  /// - Throws: `StoreError` when the sessions can't be looked up, `MessageDecodingError` for an entry that no route wrote.
  func deliver(_ entry: LogEntry, from device: DeviceID?) async throws -> [CIMCore.Session] {
    let message = try CimV1.Message(entry)
    guard case .direct(let pair) = entry.conversation else {
      let frame = try FramedMessage(CimV1.LinkRequest(frame: .deliver(CimV1.Deliver(message: message))))
      links.broadcast(frame, of: message.conversation)
      return []
    }
    guard let recipient = pair.peer(of: entry.sender.id) else { return [] }
    let found = try await sessions.sessions(of: [recipient])[recipient] ?? []
    return try deliver(message, to: found.filter { $0.user != entry.sender.id || $0.device != device })
  }

  /// Delivers a message to sessions.
  ///
  /// - Returns: those whose server is not known here: it is dead and took them along, or so new that this route has not
  ///   heard of it.
  func deliver(_ message: CimV1.Message, to sessions: [CIMCore.Session]) throws -> [CIMCore.Session] {
    var unplaced: [CIMCore.Session] = []
    for (instance, group) in Dictionary(grouping: sessions, by: \.instance) {
      let deliver = CimV1.Deliver(message: message, sessions: group.map(CimV1.SessionRef.init))
      let frame = try FramedMessage(CimV1.LinkRequest(frame: .deliver(deliver)))
      if !links.deliver(frame, to: instance) { unplaced += group }
    }
    return unplaced
  }
}
