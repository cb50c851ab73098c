import CIMProtos
import NgRPC
import Synchronization

/// The links that are up, and what all routes have to know.
///
/// What must reach routes in order is handed to the links under this table's lock.
final class LinkTable: Sendable {
  fileprivate struct State {
    var links: [LinkPeer] = []
    var ledger = InterestLedger<SessionAddress>()
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
  /// - Returns: the sessions that waited for its acknowledgement only.
  func down(_ id: LinkID) -> [SessionAddress] {
    state.withLock { state in
      state.links.removeAll { $0.id == id }
      return state.ledger.linkDown(id)
    }
  }

  /// Ends all links: their routes are to make new ones.
  func endAll(_ status: RPCError) {
    let links = state.withLock { $0.links }
    for link in links { link.push(.end(status)) }
  }

  // MARK: Interest

  /// A session becomes a member of a conversation.
  ///
  /// - Returns: whether all linked routes know already that the conversation has members here. Otherwise the address is
  ///   returned by `down` or `acknowledge` when they do.
  func join(_ conversation: String, for session: SessionAddress) -> Bool {
    state.withLock { state in
      if let change = state.ledger.join(conversation) { state.tellAll(change) }
      return state.ledger.wait(session, for: conversation)
    }
  }

  /// A session that had joined is a member no more.
  func leave(_ conversation: String) {
    state.withLock { state in
      if let change = state.ledger.leave(conversation) { state.tellAll(change) }
    }
  }

  /// A route has a version in force.
  ///
  /// - Returns: the sessions that waited for it.
  func acknowledge(_ version: UInt64, by link: LinkID) -> [SessionAddress] {
    state.withLock { $0.ledger.acknowledge(version, by: link) }
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
