import CIMCore
import CIMProtos
import Logging
import NIOCore
import Synchronization

/// Takes care of messages whose session was not where the store said, or whose server this route did not know: they are
/// delivered to where the session is a moment later.
final class LostDeliveries: Sendable {
  /// How many may wait at the same time; further ones are left to the log.
  private static let maxWaiting = 1024

  private let stores: Stores
  private let delivery: Delivery
  private let links: LinkSet
  private let desk: SessionDesk
  private let logger: Logger
  private let suspects: Mutex<Suspects>
  /// How long to wait before a message is tried again.
  private let pause: Duration
  private let waiting = Atomic(0)

  /// - Parameter grace: how long a session may be unknown to its server before it is removed.
  init(
    stores: Stores, delivery: Delivery, links: LinkSet, desk: SessionDesk, grace: TimeAmount, logger: Logger
  ) {
    self.stores = stores
    self.delivery = delivery
    self.links = links
    self.desk = desk
    self.logger = logger
    suspects = Mutex(Suspects(grace: grace, capacity: 4096))
    pause = .nanoseconds(min(500_000_000, grace.nanoseconds / 4))
  }

  /// A server sent a delivery back.
  func take(_ notHere: CimV1.NotHere) async {
    guard let reference = notHere.session, let device = try? DeviceID(reference.deviceID),
      let conversation = try? Conversation(notHere.conversation), let position = notHere.position,
      position.seq > 0
    else { return }
    do {
      let user = UserID(reference.userID)
      let sessions = try await stores.sessions.sessions(of: [user])[user] ?? []
      // Gone: the message is in the log for when the user returns.
      guard let session = sessions.first(where: { $0.device == device }) else { return }
      if session.epoch == SessionEpoch(reference.sessionEpoch) {
        guard try await mayAppear(session) else { return }
      }
      try await deliver(LogPosition(position), of: conversation, to: session)
    } catch {
      logger.debug("a message that found no session was not tried again", metadata: ["error": "\(error)"])
    }
  }

  /// The server of some sessions was not known: it may be one that has just registered. A message is tried once more.
  func retry(_ entry: LogEntry, for sessions: [CIMCore.Session]) async {
    do {
      guard try await waitAMoment() else { return }
      for session in sessions { try await deliver(entry, to: session) }
    } catch {
      logger.debug("a message for an unknown server was not tried again", metadata: ["error": "\(error)"])
    }
  }

  /// Waits a moment for a session that its server does not know; one that stays unknown is removed.
  ///
  /// - Returns: whether to try again.
  private func mayAppear(_ session: CIMCore.Session) async throws -> Bool {
    let key = Suspects.Key(user: session.user, device: session.device, epoch: session.epoch)
    let advice =
      links.alive([session]).isEmpty ? .remove : suspects.withLock { $0.report(key, at: .now()) }
    guard advice == .tryAgain else {
      logger.info("removing a session that its server does not know", metadata: ["user": "\(session.user)"])
      desk.close(session)
      return false
    }
    return try await waitAMoment()
  }

  /// - Returns: false at once when too many wait already.
  private func waitAMoment() async throws -> Bool {
    guard waiting.wrappingAdd(1, ordering: .relaxed).newValue <= Self.maxWaiting else {
      waiting.wrappingSubtract(1, ordering: .relaxed)
      return false
    }
    defer { waiting.wrappingSubtract(1, ordering: .relaxed) }
    try await Task.sleep(for: pause)
    return true
  }

  private func deliver(_ position: LogPosition, of conversation: Conversation, to session: CIMCore.Session)
    async throws
  {
    let before = LogPosition(epoch: position.epoch, seq: position.seq - 1)
    let entries = try await stores.log.read(conversation, after: before, limit: 1)
    guard let entry = entries.first, entry.position == position else { return }
    try await deliver(entry, to: session)
  }

  private func deliver(_ entry: LogEntry, to session: CIMCore.Session) async throws {
    // Looked up again: after the pause the device may be elsewhere.
    let sessions = try await stores.sessions.sessions(of: [session.user])[session.user] ?? []
    // What has no server even now is in the log for when the user returns.
    _ = try delivery.deliver(try CimV1.Message(entry), to: sessions.filter { $0.device == session.device })
  }
}
