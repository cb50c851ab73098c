import CIMCore
import CIMProtos
import NgRPC
import Synchronization

/// What is handed to a stream of pages from any thread.
enum PagesCommand: Sendable {
  /// Ask for a part of a log; the answer goes to that shard.
  case fetch(FetchQueue.Request, limit: Int, for: Int)
  /// End the stream.
  case end(RPCError)
}

/// A stream of pages as everybody but its own event loop sees it.
final class PagesPeer: Sendable {
  /// The id of the route at the other end.
  let routeID: String
  private let queue: EventLoopQueue<PagesCommand>

  init(routeID: String, queue: EventLoopQueue<PagesCommand>) {
    self.routeID = routeID
    self.queue = queue
  }

  /// Hands a command over.
  ///
  /// - Returns: false when the stream is gone.
  @discardableResult
  func push(_ command: PagesCommand) -> Bool { queue.push(command) }
}

/// The streams of pages that are open: one a route.
final class PagesTable: Sendable {
  private let peers = Mutex<[PagesPeer]>([])

  /// A stream is open: an older one of the same route is ended.
  func up(_ peer: PagesPeer) {
    let older = peers.withLock { peers in
      let older = peers.filter { $0.routeID == peer.routeID }
      peers.removeAll { $0.routeID == peer.routeID }
      peers.append(peer)
      return older
    }
    for peer in older {
      peer.push(.end(RPCError(code: .aborted, message: "The route has opened another stream of pages.")))
    }
  }

  /// A stream is gone.
  func down(_ peer: PagesPeer) { peers.withLock { $0.removeAll { $0 === peer } } }

  /// A route is gone: so is its stream of pages, whatever it looks like.
  func end(of routeID: String) {
    let gone = peers.withLock { $0.filter { $0.routeID == routeID } }
    for peer in gone { peer.push(.end(RPCError(code: .unavailable, message: "The route's link is down."))) }
  }

  /// Ends all streams.
  func endAll(_ status: RPCError) {
    for peer in peers.withLock({ $0 }) { peer.push(.end(status)) }
  }

  /// How many streams are open.
  var count: Int { peers.withLock { $0.count } }

  /// Asks a route for a part of a log: the first time the same route for a conversation, so that it is asked once by many,
  /// then others.
  ///
  /// - Returns: false when there is nobody to ask.
  func fetch(_ request: FetchQueue.Request, limit: Int, for shard: Int) -> Bool {
    let conversation = request.key.conversation
    let key = request.attempt == 0 ? conversation : "\(conversation) \(request.attempt)"
    var candidates = peers.withLock { $0 }
    // One that takes nothing has gone since, and is not asked again.
    while let peer = RendezvousHash.choose(for: key, among: candidates, id: { $0.routeID }) {
      if peer.push(.fetch(request, limit: limit, for: shard)) { return true }
      candidates.removeAll { $0 === peer }
    }
    return false
  }
}
