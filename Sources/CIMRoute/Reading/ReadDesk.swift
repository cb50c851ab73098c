import CIMCore
import CIMProtos
import Logging
import Synchronization

/// Stores how far users have read, and tells it: to all of the user's devices, and to those whose messages were read.
///
/// What servers pass on is written in batches, one at a time. What is lost on the way clients say again.
final class ReadDesk: Sendable {
  private struct State {
    var pending: PendingCursors
    var isWriting = false
  }

  /// How long to wait until a store that was away is tried again.
  private static let pause = Duration.milliseconds(500)

  private let stores: Stores
  private let links: LinkSet
  private let receipts: ReceiptDesk
  private let counters: RouteCounters
  private let logger: Logger
  private let state: Mutex<State>
  private let activity = Activity()

  init(
    stores: Stores, links: LinkSet, receipts: ReceiptDesk, capacity: Int, counters: RouteCounters,
    logger: Logger
  ) {
    self.stores = stores
    self.links = links
    self.receipts = receipts
    self.counters = counters
    self.logger = logger
    state = Mutex(State(pending: PendingCursors(capacity: capacity)))
  }

  /// Servers tell how far users have read.
  func take(_ read: CimV1.LinkRead) {
    let advances = read.sessions.compactMap(CursorAdvance.init)
    guard !advances.isEmpty else { return }
    let (mustWrite, dropped) = state.withLock { state in
      let dropped = advances.reduce(0) { $0 + state.pending.add($1) }
      guard !state.isWriting, !state.pending.isEmpty else { return (false, dropped) }
      state.isWriting = true
      activity.begin()
      return (true, dropped)
    }
    counters.droppedReads.count(dropped)
    if mustWrite { Task { await write() } }
  }

  /// Returns when everything is stored.
  func waitUntilIdle() async { await activity.waitUntilIdle() }

  private func write() async {
    while true {
      let advances = state.withLock { state in
        if state.pending.isEmpty {
          state.isWriting = false
          activity.end()
        }
        return state.pending.takeAll()
      }
      guard !advances.isEmpty else { return }
      do {
        let places = try await valid(ReadPlaces(advances))
        try await mark(places)
      } catch {
        logger.debug("read marks could not be stored; trying again", metadata: ["error": "\(error)"])
        let dropped = state.withLock { state in advances.reduce(0) { $0 + state.pending.add($1) } }
        counters.droppedReads.count(dropped)
        try? await Task.sleep(for: Self.pause)
      }
    }
  }

  /// What is left when conversations in which a user has no part are left out, and places behind a log's end are its end: what
  /// a client says must not fill the store.
  private func valid(
    _ places: ReadPlaces
  ) async throws(StoreError) -> [UserID: [Conversation: LogPosition]] {
    let tails = try await stores.log.tails(of: Array(places.conversations))
    let groups = try await stores.groups.groups(of: places.usersInGroups)
    return places.valid(tails: tails, groups: groups)
  }

  /// Moves users' marks, and tells of what has moved.
  ///
  /// - Parameter places: conversations in which the users have a part.
  /// - Returns: what has moved.
  @discardableResult
  func mark(
    _ places: [UserID: [Conversation: LogPosition]]
  ) async throws(StoreError) -> [MarkMove] {
    guard !places.isEmpty else { return [] }
    let moves = try await stores.reads.advance(places)
    // Also who said what was known hears it: another device of the user may have said it before.
    await tell(places, moved: moves)
    receipts.take(moves, .read)
    return moves
  }

  /// Tells users' devices how far their users have read.
  private func tell(_ places: [UserID: [Conversation: LogPosition]], moved: [MarkMove]) async {
    do {
      let sessions = try await stores.sessions.sessions(of: Array(places.keys))
      var marks = places
      let behind = Set(places.keys).filter { user in
        moved.count { $0.user == user } < places[user]?.count ?? 0
      }
      if !behind.isEmpty {
        let stored = try await stores.reads.marks(of: Array(behind))
        for user in behind {
          marks[user] = marks[user]?.reduce(into: [:]) { known, place in
            known[place.key] = stored[user]?[place.key] ?? place.value
          }
        }
      }
      for (user, places) in marks {
        let cursors = places.map(CimV1.Cursor.init)
        for (instance, group) in Dictionary(grouping: sessions[user] ?? [], by: \.instance) {
          links.tell(
            CimV1.LinkReadMarks(
              sessions: group.map(CimV1.SessionRef.init), readMarks: CimV1.ReadMarks(cursors: cursors)),
            on: instance)
        }
      }
    } catch {
      // They are told when the devices connect again.
      logger.debug("devices were not told what their user has read", metadata: ["error": "\(error)"])
    }
  }
}
