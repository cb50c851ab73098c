import CIMCore
import CIMProtos
import Logging
import NIOCore
import Synchronization

/// Takes care of deliveries that a server sent back because the session was not there: the message is delivered to where the
/// session is now, and one that its server goes on not to know is removed.
final class LostSessions: Sendable {
  private let stores: Stores
  private let delivery: Delivery
  private let unresolved: Unresolved
  private let desk: SessionDesk
  private let logger: Logger
  private let suspects: Mutex<Suspects>
  private let grace: TimeAmount

  /// - Parameter grace: how long a session may be unknown to its server before it is removed.
  init(
    stores: Stores, delivery: Delivery, unresolved: Unresolved, desk: SessionDesk, grace: TimeAmount,
    logger: Logger
  ) {
    self.stores = stores
    self.delivery = delivery
    self.unresolved = unresolved
    self.desk = desk
    self.grace = grace
    self.logger = logger
    suspects = Mutex(Suspects(grace: grace, capacity: 4096))
  }

  /// A server sent a delivery back.
  func take(_ notHere: CimV1.NotHere) async {
    guard let reference = notHere.session, let device = try? DeviceID(reference.deviceID),
      let conversation = try? Conversation(notHere.conversation),
      let position = LogPosition(place: notHere.position)
    else { return }
    let user = UserID(reference.userID)
    do {
      let sessions = try await stores.sessions.sessions(of: [user])[user] ?? []
      // Gone: the message is in the log for when the user returns.
      guard let session = sessions.first(where: { $0.device == device }) else { return }
      if session.epoch == SessionEpoch(reference.sessionEpoch) {
        try await suspect(session, position, of: conversation)
      } else {
        unresolved.add(position, of: notHere.conversation, for: [user])
      }
    } catch {
      // The mark that was set before the message tells of it.
      logger.debug("a message that found no session was not looked at", metadata: ["error": "\(error)"])
    }
  }

  /// A server does not know a session that the store says it has. One that is being opened is there in a moment, and is synced
  /// then. One that is still unknown when it is tried again is a ghost.
  private func suspect(
    _ session: CIMCore.Session, _ position: LogPosition, of conversation: Conversation
  ) async throws {
    let key = Suspects.Key(user: session.user, device: session.device, epoch: session.epoch)
    let advice = links.alive([session]).isEmpty ? .remove : suspects.withLock { $0.report(key, at: .now()) }
    switch advice {
    case .wait: break
    case .remove:
      logger.info("removing a session that its server does not know", metadata: ["user": "\(session.user)"])
      desk.close(session)
    case .tryAgain:
      try await Task.sleep(for: .nanoseconds(grace.nanoseconds))
      let before = LogPosition(epoch: position.epoch, seq: position.seq - 1)
      guard let entry = try await stores.log.read(conversation, after: before, limit: 1).first else { return }
      let found = try await stores.sessions.sessions(of: [session.user])[session.user] ?? []
      delivery.deliver(entry, try CimV1.Message(entry), to: found.filter { $0.device == session.device })
    }
  }

  private var links: LinkSet { delivery.links }
}
