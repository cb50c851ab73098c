import CIMCore
import CIMProtos
import Logging
import NIOCore
import NgRPC

/// A route's stream of pages at the server: passes questions on, and answers to the shards that asked. On its event loop only.
final class PagesHandler: StreamHandler {
  typealias Inbound = CimV1.PagesRequest
  typealias Outbound = CimV1.PagesResponse

  private let stream: ServerStream<CimV1.PagesResponse>
  private let core: ServerCore
  private let queue: EventLoopQueue<PagesCommand>
  private var peer: PagesPeer?
  private var hasEnded = false
  private var requests: [UInt64: (request: FetchQueue.Request, shard: Int)] = [:]
  private var lastRequest: UInt64 = 0

  /// - Throws: UNAVAILABLE when the server is not registered.
  init(stream: ServerStream<CimV1.PagesResponse>, core: ServerCore) throws(RPCError) {
    guard core.instance != nil else {
      throw RPCError(code: .unavailable, message: "This server is not registered; try again in a second.")
    }
    self.stream = stream
    self.core = core
    queue = EventLoopQueue(eventLoop: stream.eventLoop)
  }

  func received(_ message: CimV1.PagesRequest) {
    switch (message.frame, peer) {
    case _ where hasEnded: break
    case (.hello(let hello), nil): greeted(hello)
    case (_, nil): end(RPCError(code: .failedPrecondition, message: "The first frame must be hello."))
    case (.page(let page), _): take(page)
    case (.hello, _), (nil, _): core.counters.ignoredFrames.count()
    }
  }

  /// The route goes away: what it has not answered is asked elsewhere.
  func inboundEnded() { end(nil) }

  func writable() {}

  func closed(_ status: RPCError) { goDown() }

  private func greeted(_ hello: CimV1.RouteHello) {
    guard hello.protocolVersion >= 1 else {
      return end(
        RPCError(
          code: .failedPrecondition, message: "hello.protocol_version is 0; this server speaks 1."))
    }
    guard (1...256).contains(hello.routeID.utf8.count) else {
      return end(RPCError(code: .invalidArgument, message: "hello.route_id must be 1 to 256 bytes."))
    }
    let peer = PagesPeer(routeID: hello.routeID, queue: queue)
    self.peer = peer
    let handler = NIOLoopBound(self, eventLoop: stream.eventLoop)
    queue.open { commands in handler.value.carryOut(commands) }
    core.pages.up(peer)
    core.shards.pushToAll(.pagesUp)
  }

  private func end(_ status: RPCError?) {
    guard !hasEnded else { return }
    stream.close(status)
    goDown()
  }

  private func goDown() {
    hasEnded = true
    guard let peer else { return }
    self.peer = nil
    // First out of the table, then closed: a stream that takes nothing is not chosen again.
    core.pages.down(peer)
    for command in queue.close() { giveBack(command) }
    for (request, shard) in requests.values { fail(request, shard) }
    requests = [:]
  }

  private func carryOut(_ commands: [PagesCommand]) {
    for command in commands {
      switch command {
      case _ where hasEnded: giveBack(command)
      case .end(let status): end(status)
      case .fetch(let request, let limit, let shard):
        lastRequest += 1
        requests[lastRequest] = (request, shard)
        stream.send(
          CimV1.PagesResponse(
            frame: .fetch(
              CimV1.Fetch(
                requestID: lastRequest, conversation: request.key.conversation,
                after: request.key.after.wire, limit: UInt32(limit), isLate: request.key.isLate))))
      }
    }
  }

  private func giveBack(_ command: PagesCommand) {
    if case .fetch(let request, _, let shard) = command { fail(request, shard) }
  }

  private func fail(_ request: FetchQueue.Request, _ shard: Int) {
    core.shards.push(.fetchFailed(request, isElsewherePossible: core.pages.count > 0), to: shard)
  }

  private func take(_ page: CimV1.Page) {
    guard let (request, shard) = requests.removeValue(forKey: page.requestID) else {
      return core.counters.ignoredFrames.count()
    }
    guard !page.unavailable else {
      // Every route has the same store: a moment is better than another route.
      return core.shards.push(.fetchFailed(request, isElsewherePossible: false), to: shard)
    }
    do {
      core.shards.push(.page(try FetchedPage(page), for: request), to: shard)
    } catch {
      core.logger.error(
        "a page can't be encoded; asking for it again",
        metadata: ["conversation": "\(request.key.conversation)", "error": "\(error)"])
      core.shards.push(.fetchFailed(request, isElsewherePossible: false), to: shard)
    }
  }
}
