import Logging
import NIOCore
import NIOSSL

/// A client's connection: makes a call of each stream, and ends in good order.
///
/// Belongs to its event loop.
final class ServerConnection: HTTP2ConnectionDelegate {
  /// How far the end has come.
  private enum Shutdown { case none, announced, final }

  let router: RPCRouter
  let configuration: RPCServer.Configuration
  private(set) var http2: HTTP2Connection!
  private(set) var peer: SocketAddress?
  /// Known before the first call, and the same for all: so calls may ask for it from any thread.
  private(set) var peerCertificate: PeerCertificate?
  private var shutdown = Shutdown.none
  private var prefaceTimer: Scheduled<Void>?
  private let logger: Logger

  init(router: RPCRouter, configuration: RPCServer.Configuration, logger: Logger) {
    self.router = router
    self.configuration = configuration
    self.logger = logger
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
        role: .server, limits: configuration.limits, frameBuffer: executor.buffers.frameBuffer),
      executor: executor, delegate: self)
    try channel.syncOptions?.setOption(.maxMessagesPerRead, value: 1)
    try channel.syncOptions?.setOption(.recvAllocator, value: EventLoopReadAllocator(executor))
    try channel.pipeline.syncOperations.addHandler(http2)
    prefaceTimer = channel.eventLoop.assumeIsolated().scheduleTask(in: configuration.prefaceTimeout) {
      [weak self] in
      guard let self else { return }
      self.logger.debug(
        "closing a connection without an HTTP/2 preface", metadata: ["peer": "\(self.peer, default: "?")"])
      self.http2.close()
    }
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
    prefaceTimer?.cancel()
    prefaceTimer = nil
  }

  func receivedGoAway(lastStreamID: Int32, _ code: HTTP2ErrorCode, debugData: String) {
    logger.debug("a client goes away", metadata: ["code": "\(code)", "reason": "\(debugData)"])
  }

  /// Begins a graceful end: no new calls, the open ones go on, and when they have ended the connection closes.
  func beginShutdown() {
    guard shutdown == .none, http2.isActive else { return }
    shutdown = .announced
    http2.session.submitShutdownNotice()
    http2.setNeedsFlush()
  }

  func receivedPingAck() {
    guard shutdown == .announced else { return }
    shutdown = .final
    http2.session.submitGoAway(.noError)
    http2.setNeedsFlush()
  }

  func connectionClosed(_ reason: RPCError?) {
    prefaceTimer?.cancel()
    prefaceTimer = nil
    if let reason {
      logger.debug("a connection ended", metadata: ["peer": "\(peer, default: "?")", "reason": "\(reason)"])
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
