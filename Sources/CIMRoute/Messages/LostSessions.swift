import CIMCore
import CIMProtos
import Logging
import NIOCore
import Synchronization

/// Takes care of what a server sent back because the session was not there: a message is delivered to where the session is
/// now, and a session that its server goes on not to know is removed.
final class LostSessions: Sendable {
  private let sessions: any SessionStore
  private let links: LinkSet
  private let unresolved: Unresolved
  private let desk: SessionDesk
  private let logger: Logger
  private let suspects: Mutex<Suspects>
  private let grace: TimeAmount

  /// - Parameter grace: how long a session may be unknown to its server before it is removed.
  init(
    sessions: any SessionStore, links: LinkSet, unresolved: Unresolved, desk: SessionDesk, grace: TimeAmount,
    logger: Logger
  ) {
    self.sessions = sessions
    self.links = links
    self.unresolved = unresolved
    self.desk = desk
    self.grace = grace
    self.logger = logger
    suspects = Mutex(Suspects(grace: grace, capacity: 4096))
  }

  /// A server sent a delivery or a probe back.
  func take(_ notHere: CimV1.NotHere) async {
    guard let reference = notHere.session, let device = try? DeviceID(reference.deviceID) else { return }
    let user = UserID(reference.userID)
    let conversation = try? Conversation(notHere.conversation)
    let position = LogPosition(place: notHere.position)
    do {
      let found = try await sessions.sessions(of: [user])[user] ?? []
      // Gone: the message is in the log for when the user returns.
      guard let session = found.first(where: { $0.device == device }) else { return }
      if session.epoch == SessionEpoch(reference.sessionEpoch) {
        try await suspect(session)
      }
      if let conversation, let position {
        unresolved.add(position, of: conversation.description, for: [user])
      }
    } catch {
      // The mark that was set before the message tells of it.
      logger.debug("a message that found no session was not looked at", metadata: ["error": "\(error)"])
    }
  }

  /// A server does not know a session that the store says it has. One that is being opened is there in a moment, and is synced
  /// then. One that is still unknown when its server is asked again is a ghost.
  private func suspect(_ session: CIMCore.Session) async throws {
    let key = Suspects.Key(user: session.user, device: session.device, epoch: session.epoch)
    let advice = links.alive([session]).isEmpty ? .remove : suspects.withLock { $0.report(key, at: .now()) }
    switch advice {
    case .wait: break
    case .remove:
      logger.info("removing a session that its server does not know", metadata: ["user": "\(session.user)"])
      desk.close(session)
    case .tryAgain:
      try await Task.sleep(for: .nanoseconds(grace.nanoseconds))
      links.probe([session], on: session.instance)
    }
  }
}
