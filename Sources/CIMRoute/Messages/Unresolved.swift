import CIMCore
import CIMProtos
import Logging
import NIOCore
import Synchronization

/// Looks again for those whom a delivery may not have reached, and tells the servers where they are now how far their
/// conversations reach: these fetch what is missing from the log.
final class Unresolved: Sendable {
  /// How many users are looked up at once.
  private static let batch = 1000
  /// How long to wait before looking: a session that moves takes a moment to be elsewhere.
  private static let pause = Duration.milliseconds(100)

  private struct State {
    var tails: UnresolvedTails
    var isWorking = false
  }

  private let sessions: any SessionStore
  private let links: LinkSet
  private let grace: TimeAmount
  private let counters: RouteCounters
  private let logger: Logger
  private let state: Mutex<State>

  /// - Parameter grace: how long a server may be in use elsewhere before this route knows it.
  init(
    sessions: any SessionStore, links: LinkSet, grace: TimeAmount, capacity: Int, counters: RouteCounters,
    logger: Logger
  ) {
    self.sessions = sessions
    self.links = links
    self.grace = grace
    self.counters = counters
    self.logger = logger
    state = Mutex(State(tails: UnresolvedTails(capacity: capacity)))
  }

  /// Deliveries to sessions by name that a link did not see acknowledged before it broke.
  func add(_ tails: [CimV1.Tail]) {
    var found: [UnresolvedTails.Key: LogPosition] = [:]
    for tail in tails {
      guard let position = LogPosition(place: tail.position) else { continue }
      for session in tail.sessions {
        let key = UnresolvedTails.Key(user: UserID(session.userID), conversation: tail.conversation)
        found[key] = max(found[key] ?? position, position)
      }
    }
    add(found)
  }

  /// A message may not have reached some users.
  func add(_ position: LogPosition, of conversation: String, for users: some Sequence<UserID>) {
    add(
      users.reduce(into: [:]) { $0[UnresolvedTails.Key(user: $1, conversation: conversation)] = position })
  }

  private func add(_ found: [UnresolvedTails.Key: LogPosition]) {
    guard !found.isEmpty else { return }
    let until = NIODeadline.now() + grace
    let (mustWork, dropped) = state.withLock { state in
      var dropped = 0
      for (key, position) in found
      where !state.tails.add(key, UnresolvedTails.Entry(position: position, until: until)) { dropped += 1 }
      guard !state.isWorking else { return (false, dropped) }
      state.isWorking = true
      return (true, dropped)
    }
    counters.droppedTails.count(dropped)
    if mustWork { Task { await work() } }
  }

  private func work() async {
    while true {
      try? await Task.sleep(for: Self.pause)
      let (batch, isDone) = state.withLock { state in
        let batch = state.tails.take(Self.batch, at: .now())
        state.isWorking = !batch.isEmpty || !state.tails.isEmpty
        return (batch, !state.isWorking)
      }
      guard !isDone else { return }
      let rest: [UnresolvedTails.Key: UnresolvedTails.Entry]
      do {
        rest = try await resolve(batch)
      } catch {
        logger.debug("sessions could not be looked up; trying again", metadata: ["error": "\(error)"])
        rest = batch
      }
      let dropped = state.withLock { state in rest.count { !state.tails.add($0.key, $0.value) } }
      counters.droppedTails.count(dropped)
    }
  }

  /// Tells the servers of those whom it finds.
  ///
  /// - Returns: whose server is not known here: it may be one that has just registered.
  private func resolve(
    _ batch: [UnresolvedTails.Key: UnresolvedTails.Entry]
  ) async throws(StoreError) -> [UnresolvedTails.Key: UnresolvedTails.Entry] {
    let found = try await sessions.sessions(of: Array<UserID>(Set(batch.keys.map(\.user))))
    var tails: [ServerInstance: [(UnresolvedTails.Key, CimV1.Tail)]] = [:]
    for (key, entry) in batch {
      // Who is nowhere gets what is marked on return.
      for (instance, sessions) in Dictionary(grouping: found[key.user] ?? [], by: \.instance) {
        let tail = CimV1.Tail(
          conversation: key.conversation, position: CimV1.LogPosition(entry.position),
          sessions: sessions.map(CimV1.SessionRef.init))
        tails[instance, default: []].append((key, tail))
      }
    }
    var rest: [UnresolvedTails.Key: UnresolvedTails.Entry] = [:]
    for (instance, told) in tails {
      if links.tell(told.map(\.1), on: instance) {
        counters.reResolved.count(told.count)
      } else {
        for (key, _) in told { rest[key] = batch[key] }
      }
    }
    return rest
  }
}
