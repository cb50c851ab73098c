import DequeModule
import Logging
import NIOCore
import NIOSSL

/// A client's connection: makes a call of each stream, and ends in good order.
///
/// Belongs to its event loop.
final class ServerConnection: HTTP2ConnectionDelegate, DeadlineOwner {
  private let settings: ServerSettings
  private(set) var http2: HTTP2Connection!
  private(set) var peer: SocketAddress?
  /// Known before the first call, and the same for all: so calls may ask for it from any thread.
  private(set) var peerCertificate: PeerCertificate?
  private var lifetime: ConnectionLifetime
  private let deadlines: DeadlineQueue
  @exclusivity(unchecked) private(set) var inbound: InboundBudget
  /// Calls that wait until less of others' responses waits for the client.
  private var parked: Deque<ParkedCall> = []
  private var starts = CallStarts()
  /// Calls with an incomplete message that get no more window for it now.
  private var waitingForRoom: Deque<ServerCall> = []
  /// The one that gets it all the same.
  private weak var favoured: ServerCall?
  var deadlinePlace = DeadlineQueue.nowhere

  var router: RPCRouter { settings.router }
  var configuration: RPCServer.Configuration { settings.configuration }

  /// - Parameter deadlines: those of the connection's event loop.
  init(_ settings: ServerSettings, deadlines: DeadlineQueue) {
    self.settings = settings
    self.deadlines = deadlines
    inbound = InboundBudget(limit: settings.configuration.limits.maxRequestBytesHeld)
    lifetime = ConnectionLifetime(settings.configuration, now: .now(), jitter: .random(in: -1...1))
  }

  /// Takes over a new channel. On its event loop.
  ///
  /// - Parameter tls: nil for plaintext.
  func add(to channel: any Channel, tls: NIOSSLContext?) throws {
    peer = channel.remoteAddress
    if let tls {
      try channel.pipeline.syncOperations.addServerTLS(tls) { [weak self] in self?.peerCertificate = $0 }
    }
    let executor = EventLoopExecutor.of(channel.eventLoop)
    http2 = HTTP2Connection(
      session: NgHTTP2Session(
        role: .server, limits: settings.sessionLimits, buffers: executor.buffers),
      executor: executor, isSecure: tls != nil, delegate: self)
    try http2.add(to: channel)
    deadlines.set(lifetime.nextDeadline, for: self)
  }

  // MARK: Streams

  func received(_ request: HeaderBlock, on stream: HTTP2Stream, endStream: Bool) {
    guard let route = router.routes[request.path] ?? router.unregisteredRoute(request.path), request.isPost,
      request.isGRPC, request.malformed == nil, !request.isTooLarge, request.unsupportedEncoding == nil
    else { return refuse(request, stream) }
    let call = ServerCall(method: route.method, request: request, stream: stream, connection: self)
    guard mayBegin() else { return park(call, route, stream, endStream) }
    stream.delegate = call
    call.begin(route)
    if endStream { call.receivedEndStream() }
  }

  /// Whether another call may begin before what others answer is known.
  private func mayBegin() -> Bool {
    guard parked.isEmpty else { return false }
    return starts.take(afterFlush: http2.flushCount, isOverfull: http2.session.isOutboundOverfull)
  }

  private func park(_ call: ServerCall, _ route: RPCRouter.Route, _ stream: HTTP2Stream, _ endStream: Bool) {
    let call = ParkedCall(call, route, stream)
    if endStream { call.receivedEndStream() }
    stream.delegate = call
    parked.append(call)
    http2.tellsWhenRelieved = true
  }

  /// Begins some of the calls that wait; what they answer may be more than there is room for again.
  func outputRelieved() {
    while !parked.isEmpty,
      starts.take(afterFlush: http2.flushCount, isOverfull: http2.session.isOutboundOverfull)
    {
      parked.removeFirst().begin()
    }
    guard !parked.isEmpty else { return }
    // What has begun is to answer first: handlers run before the loop comes to this.
    http2.executor.eventLoop.assumeIsolated().execute { [weak self] in
      guard let self, !parked.isEmpty, http2.isActive else { return }
      http2.tellsWhenRelieved = true
      http2.setNeedsFlush()
    }
  }

  private func refuse(_ request: HeaderBlock, _ stream: HTTP2Stream) {
    let refusal = Refusal(of: request, router)
    if let text = refusal.text {
      stream.outbound.writeStaticString(text)
      stream.end = .endStream
      http2.session.submitResponseHead(stream, refusal.headers)
    } else {
      http2.session.submitTrailersOnly(stream, refusal.headers)
    }
    http2.setNeedsFlush()
  }

  // MARK: What requests hold

  /// Bytes of a request have come, and are kept.
  func hold(_ bytes: Int) {
    inbound.hold(bytes)
    guard inbound.isExceeded else { return }
    http2.session.holdBackWindow()
    // With half of the window gone the client may not be able to send a byte.
    if http2.session.heldBackBytes > Int(settings.sessionLimits.connectionWindow) / 2 { dropParts() }
  }

  /// Bytes of a request were taken by its handler, or dropped.
  func release(_ bytes: Int) {
    inbound.release(bytes)
    if http2.session.isWindowHeldBack, !inbound.isExceeded {
      http2.session.releaseWindow()
      http2.setNeedsFlush()
    }
    if !waitingForRoom.isEmpty { giveRoom() }
  }

  /// Whether a call may have more of an incomplete message; if not, it gets it when there is room.
  func hasRoom(for call: ServerCall) -> Bool {
    if inbound.hasRoomForParts || favoured === call { return true }
    if favoured?.partialBytes ?? 0 == 0 {
      favoured = call
      return true
    }
    if !call.isWaitingForRoom {
      call.isWaitingForRoom = true
      waitingForRoom.append(call)
    }
    return false
  }

  private func giveRoom() {
    var room = inbound.roomForParts
    var needsFavourite = favoured?.partialBytes ?? 0 == 0
    while room > 0 || needsFavourite, let call = waitingForRoom.popFirst() {
      call.isWaitingForRoom = false
      guard call.partialBytes > 0 else { continue }
      if room <= 0 {
        favoured = call
        needsFavourite = false
      }
      room -= Int(settings.sessionLimits.streamWindow)
      call.giveRoom()
    }
  }

  /// Ends the calls with the most of incomplete messages, which nobody can take, until half of the bound is free.
  private func dropParts() {
    let calls = http2.session.streams.values.compactMap { $0.delegate as? ServerCall }
      .filter { $0.partialBytes > 0 }.sorted { $0.partialBytes > $1.partialBytes }
    for call in calls where inbound.shouldDropMore {
      call.fail(
        RPCError(
          code: .resourceExhausted,
          message: "The connection has more unfinished messages under way than the server holds."))
    }
  }

  // MARK: Connection

  func receivedSettings() {
    lifetime.receivedPreface(configuration, now: .now())
    deadlines.set(lifetime.nextDeadline, for: self)
  }

  func receivedGoAway(lastStreamID: Int32, _ code: HTTP2ErrorCode, debugData: String) {
    settings.logger.debug("a client goes away", metadata: ["code": "\(code)", "reason": "\(debugData)"])
  }

  func receivedPing() {
    perform(
      lifetime.receivedPing(
        configuration, openStreams: http2.session.streams.count, framesSent: http2.session.framesSent,
        now: .now()))
  }

  func receivedPingAck(_ payload: UInt64) { perform(lifetime.receivedPingAck(payload)) }

  func streamClosed() {
    guard configuration.lifetime.maxIdle != nil, http2.session.streams.isEmpty else { return }
    lifetime.becameIdle(configuration, now: .now())
    deadlines.set(lifetime.nextDeadline, for: self)
  }

  func headersUnfinished() {
    lifetime.headersUnfinished(configuration, block: http2.session.headerBlocks, now: .now())
    deadlines.set(lifetime.nextDeadline, for: self)
  }

  func outputBlocked() {
    guard let blockade = http2.blockade else { return }
    lifetime.outputBlocked(configuration, by: blockade, now: .now())
    deadlines.set(lifetime.nextDeadline, for: self)
  }

  func receivedManyIdleFrames() { perform(lifetime.receivedManyIdleFrames(now: .now())) }

  func deadlineReached(now: NIODeadline) {
    while http2.isActive, lifetime.nextDeadline <= now {
      let session = http2.session
      let facts = ConnectionLifetime.Facts(
        lastRead: http2.lastRead, openStreams: session.streams.count, headerBlocks: session.headerBlocks,
        isReceivingHeaders: session.headersStreamID != 0, blockade: http2.blockade)
      guard let action = lifetime.deadlineReached(configuration, facts, now: now) else { break }
      perform(action)
    }
    if http2.isActive { deadlines.set(lifetime.nextDeadline, for: self) }
  }

  /// Begins a graceful end: no new calls, the open ones go on for up to `grace`, and when they have ended the connection
  /// closes.
  func beginShutdown(within grace: TimeAmount) {
    guard http2?.isActive == true else { return }
    perform(lifetime.end(configuration, grace: grace, now: .now()))
  }

  /// Ends the connection at once, whatever is under way.
  func cut() { http2?.cut() }

  private func perform(_ action: ConnectionLifetime.Action?) {
    guard let action else { return }
    switch action {
    case .ping(let payload): http2.session.submitPing(payload)
    case .announceEnd: http2.session.submitShutdownNotice(ping: ConnectionLifetime.endPing)
    case .end: http2.session.submitGoAway(.noError)
    case .refuse(.tooManyPings): http2.session.submitGoAway(.enhanceYourCalm, debugData: "too_many_pings")
    case .refuse(.tooManyIdleFrames):
      http2.session.submitGoAway(.enhanceYourCalm, debugData: "too_many_frames")
    case .close(let reason):
      settings.logger.debug(
        "closing a connection", metadata: ["peer": "\(peer, default: "?")", "reason": "\(reason)"])
      // What the client does not read would keep the socket in the kernel.
      return reason == .blockedOutput ? http2.abort() : http2.close()
    }
    http2.setNeedsFlush()
    deadlines.set(lifetime.nextDeadline, for: self)
  }

  func connectionClosed(_ reason: RPCError?) {
    deadlines.set(.distantFuture, for: self)
    waitingForRoom = []
    parked = []
    if let reason {
      settings.logger.debug(
        "a connection ended", metadata: ["peer": "\(peer, default: "?")", "reason": "\(reason)"])
    }
  }
}

/// The answer to a request that reaches no handler: "gRPC over HTTP2", sections "Requests" and "Errors".
struct Refusal {
  private(set) var headers = HeaderList()
  /// The body, for those who look with something else than a client of gRPC.
  private(set) var text: StaticString?

  init(of request: HeaderBlock, _ router: RPCRouter) {
    if request.isTooLarge {
      headers.add(":status", "200")
      headers.add("content-type", "application/grpc")
      add(.resourceExhausted, "The call's metadata is larger, or has more fields, than the server accepts.")
    } else if !request.isGRPC {
      headers.add(":status", "415")
      headers.add("accept-post", "application/grpc")
      headers.add("content-type", "text/plain")
      text = "Requests here are calls of gRPC: their content-type is application/grpc.\n"
    } else if !request.isPost {
      headers.add(":status", "405")
      headers.add("allow", "POST")
      headers.add("content-type", "text/plain")
      text = "Requests here are calls of gRPC: their method is POST.\n"
    } else if let field = request.malformed {
      headers.add(":status", "400")
      add(.internalError, "The header \"\(field)\" is malformed.")
    } else if router.routes[request.path] == nil {
      headers.add(":status", "200")
      headers.add("content-type", "application/grpc")
      add(.unimplemented, router.reasonWhyUnknown(request.path))
    } else {
      headers.add(":status", "200")
      headers.add("content-type", "application/grpc")
      headers.add("grpc-accept-encoding", CompressionAlgorithm.acceptedByUs)
      add(
        .unimplemented,
        "The encoding \"\(request.unsupportedEncoding ?? "")\" is not supported; use one of "
          + "\(CompressionAlgorithm.acceptedByUs).")
    }
  }

  private mutating func add(_ code: StatusCode, _ message: String) {
    headers.add("grpc-status", "\(code.rawValue)")
    headers.add("grpc-message", PercentEncoding.encode(message))
  }
}
