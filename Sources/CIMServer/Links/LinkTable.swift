import CIMCore
import CIMProtos
import NgRPC
import Synchronization

/// Who waits until all routes know of conversations.
enum InterestWaiter: Sendable, Hashable {
  /// A session that is being opened.
  case session(SessionAddress)
  /// A group that somebody here has joined: what was said before all routes knew of it may have passed by.
  case group(String)
}

/// The links that are up, and what all routes have to know.
///
/// What must reach routes in order is handed to the links under this table's lock.
final class LinkTable: Sendable {
  fileprivate struct State {
    var links: [LinkPeer] = []
    var ledger = InterestLedger<InterestWaiter>()
    /// Closed sessions that no route could be told of yet.
    var unreported: [CimV1.SessionRef] = []
  }

  private let state = Mutex(State())
  private let maxUnreported: Int

  /// - Parameter maxUnreported: how many closed sessions are kept while no route is linked; the oldest are dropped.
  init(maxUnreported: Int) { self.maxUnreported = maxUnreported }

  /// How many links are up.
  var count: Int { state.withLock { $0.links.count } }

  /// The link for a key: the same as long as links are steady.
  func choose(for key: some StringProtocol) -> LinkPeer? {
    state.withLock { RendezvousHash.choose(for: key, among: $0.links) { $0.routeID } }
  }

  /// A link, while it is up.
  func link(_ id: LinkID) -> LinkPeer? {
    state.withLock { state in state.links.first { $0.id == id } }
  }

  // MARK: Up and down

  /// A link is up: it is told everything, and used from now on. An older link of the same route is ended.
  func up(_ link: LinkPeer) {
    state.withLock { state in
      for older in state.links where older.routeID == link.routeID {
        older.push(.end(RPCError(code: .aborted, message: "The route has opened another link.")))
      }
      state.links.removeAll { $0.routeID == link.routeID }
      link.push(.frame(.interest(state.ledger.linkUp(link.id))))
      for session in state.unreported {
        link.push(.frame(.sessionClosed(CimV1.SessionClosed(session: session))))
      }
      state.unreported = []
      state.links.append(link)
    }
  }

  /// A link is down.
  ///
  /// - Returns: those that waited for its acknowledgement only.
  func down(_ id: LinkID) -> [InterestWaiter] {
    state.withLock { state in
      state.links.removeAll { $0.id == id }
      return state.ledger.linkDown(id)
    }
  }

  /// Whether a route has a link that is up.
  func isLinked(_ routeID: String) -> Bool {
    state.withLock { $0.links.contains { $0.routeID == routeID } }
  }

  /// Ends all links: their routes are to make new ones.
  func endAll(_ status: RPCError) {
    let links = state.withLock { $0.links }
    for link in links { link.push(.end(status)) }
  }

  // MARK: Interest

  /// A session becomes a member of conversations.
  ///
  /// - Returns: whether all linked routes know already that they have members here. Otherwise the waiter is returned by
  ///   `down` or `acknowledge` when they do.
  func join(_ conversations: [String], waiter: InterestWaiter) -> Bool {
    state.withLock { state in
      if let change = state.ledger.join(conversations) { state.tellAll(change) }
      return state.ledger.wait(waiter, for: conversations)
    }
  }

  /// A session that had joined is a member no more.
  func leave(_ conversations: [String]) {
    state.withLock { state in
      if let change = state.ledger.leave(conversations) { state.tellAll(change) }
    }
  }

  /// A route has a version in force.
  ///
  /// - Returns: those that waited for it.
  func acknowledge(_ version: UInt64, by link: LinkID) -> [InterestWaiter] {
    state.withLock { $0.ledger.acknowledge(version, by: link) }
  }

  // MARK: Logs

  /// How many conversations one question names.
  private static let maxQueried = 500

  /// Asks a route how far logs reach; nobody is asked while no route is linked.
  func query(tailsOf conversations: [String]) {
    var rest = conversations[...]
    while let first = rest.first {
      let part = Array(rest.prefix(Self.maxQueried))
      rest = rest.dropFirst(Self.maxQueried)
      choose(for: first)?.push(.frame(.tailsQuery(CimV1.TailsQuery(conversations: part))))
    }
  }

  /// How far one session is in one conversation.
  typealias Place = (session: CimV1.SessionRef, conversation: String, position: LogPosition)

  /// Tells the routes how far clients have stored what they got: each conversation's to the route that orders it.
  ///
  /// - Returns: what no route could be told.
  func acknowledge(_ places: [Place]) -> [Int] {
    tell(places, byKey: { $0.conversation }, as: { .ack(CimV1.LinkAck(sessions: $0)) })
  }

  /// Tells the routes how far users have read: each user's to one of them.
  ///
  /// - Returns: what no route could be told.
  func hasRead(_ places: [Place]) -> [Int] {
    tell(places, byKey: { "\($0.session.userID)" }, as: { .read(CimV1.LinkRead(sessions: $0)) })
  }

  private func tell(
    _ places: [Place], byKey key: (Place) -> String,
    as frame: ([CimV1.SessionCursors]) -> CimV1.LinkResponse.Frame
  ) -> [Int] {
    let links = state.withLock { $0.links }
    var parts: [LinkID: [CimV1.SessionRef: [Int]]] = [:]
    var untold: [Int] = []
    for (index, place) in places.enumerated() {
      if let link = RendezvousHash.choose(for: key(place), among: links, id: { $0.routeID }) {
        parts[link.id, default: [:]][place.session, default: []].append(index)
      } else {
        untold.append(index)
      }
    }
    for link in links {
      guard let sessions = parts[link.id] else { continue }
      let told = sessions.map { session, indices in
        CimV1.SessionCursors(
          session: session,
          cursors: indices.map {
            CimV1.Cursor(conversation: places[$0].conversation, position: places[$0].position.wire)
          })
      }
      if !link.push(.frame(frame(told))) { untold += sessions.values.joined() }
    }
    return untold
  }

  // MARK: Closed sessions

  /// Tells a route that a session is closed; as soon as there is one.
  func report(closed session: CimV1.SessionRef) {
    state.withLock { state in
      let frame = LinkCommand.frame(.sessionClosed(CimV1.SessionClosed(session: session)))
      let link = RendezvousHash.choose(for: "\(session.userID)", among: state.links) { $0.routeID }
      if let link, link.push(frame) { return }
      // A link that is down and not yet removed takes nothing: any other does.
      if state.links.contains(where: { $0.push(frame) }) { return }
      if state.unreported.count >= maxUnreported { state.unreported.removeFirst() }
      state.unreported.append(session)
    }
  }
}

extension LinkTable.State {
  fileprivate func tellAll(_ change: CimV1.Interest) {
    for link in links { link.push(.frame(.interest(change))) }
  }
}
