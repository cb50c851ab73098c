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
  var deadlinePlace = DeadlineQueue.nowhere

  var router: RPCRouter { settings.router }
  var configuration: RPCServer.Configuration { settings.configuration }

  /// - Parameter deadlines: those of the connection's event loop.
  init(_ settings: ServerSettings, deadlines: DeadlineQueue) {
    self.settings = settings
    self.deadlines = deadlines
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
        role: .server, limits: configuration.sessionLimits, buffers: executor.buffers),
      executor: executor, isSecure: tls != nil, delegate: self)
    try http2.add(to: channel)
    deadlines.set(lifetime.nextDeadline, for: self)
  }

  // MARK: Streams

  func received(_ request: HeaderBlock, on stream: HTTP2Stream, endStream: Bool) {
    guard let route = router.routes[request.path] ?? router.unregisteredRoute(request.path), request.isPost,
      request.isGRPC, request.malformed == nil, request.unsupportedEncoding == nil
    else { return refuse(request, stream) }
    let call = ServerCall(method: route.method, request: request, stream: stream, connection: self)
    stream.delegate = call
    call.begin(route)
    if endStream { call.receivedEndStream() }
  }

  private func refuse(_ request: HeaderBlock, _ stream: HTTP2Stream) {
    http2.session.submitTrailersOnly(stream, Refusal(of: request, router).headers)
    http2.setNeedsFlush()
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
    lifetime.outputBlocked(configuration, bytesTaken: http2.bytesTaken, now: .now())
    deadlines.set(lifetime.nextDeadline, for: self)
  }

  func deadlineReached(now: NIODeadline) {
    while http2.isActive, lifetime.nextDeadline <= now {
      let session = http2.session
      let facts = ConnectionLifetime.Facts(
        lastRead: http2.lastRead, openStreams: session.streams.count, headerBlocks: session.headerBlocks,
        isReceivingHeaders: session.headersStreamID != 0, isOutputBlocked: http2.isOutputBlocked,
        bytesTaken: http2.bytesTaken)
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
    case .announceEnd:
      http2.session.submitShutdownNotice()
      http2.session.submitPing(ConnectionLifetime.endPing)
    case .end: http2.session.submitGoAway(.noError)
    case .refuse(.tooManyPings): http2.session.submitGoAway(.enhanceYourCalm, debugData: "too_many_pings")
    case .close(let reason):
      settings.logger.debug(
        "closing a connection", metadata: ["peer": "\(peer, default: "?")", "reason": "\(reason)"])
      return http2.close()
    }
    http2.setNeedsFlush()
    deadlines.set(lifetime.nextDeadline, for: self)
  }

  func connectionClosed(_ reason: RPCError?) {
    deadlines.set(.distantFuture, for: self)
    if let reason {
      settings.logger.debug(
        "a connection ended", metadata: ["peer": "\(peer, default: "?")", "reason": "\(reason)"])
    }
  }
}

/// The answer to a request that reaches no handler: "gRPC over HTTP2", sections "Requests" and "Errors".
struct Refusal {
  private(set) var headers = HeaderList()

  init(of request: HeaderBlock, _ router: RPCRouter) {
    if !request.isGRPC {
      headers.add(":status", "415")
      headers.add("accept-post", "application/grpc")
    } else if !request.isPost {
      headers.add(":status", "405")
      headers.add("allow", "POST")
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
