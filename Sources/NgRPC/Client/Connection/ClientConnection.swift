import NIOCore

/// A connection to a server, as its channel sees it. Belongs to its event loop.
final class ClientConnection: HTTP2ConnectionDelegate {
  /// Told what becomes of the connection.
  protocol Owner: AnyObject {
    /// The server's settings have come: it takes calls.
    func connectionReady(_ connection: ClientConnection)
    /// It takes no more calls; those that it has may go on.
    func connectionDraining(_ connection: ClientConnection, tooManyPings: Bool)
    /// It may have room for calls that it had none for.
    func connectionHasRoom(_ connection: ClientConnection)
    /// It is over, or never was. The last call.
    func connectionClosed(_ connection: ClientConnection, _ reason: RPCError?)
  }

  let address: ServerAddress
  let scheme: String
  private(set) var http2: HTTP2Connection!
  private let eventLoop: any EventLoop
  private var owner: (any Owner)?
  private var isReady = false
  private var isDraining = false
  private var isClosing = false
  private var maxStreams = 0
  /// Why it ended, as far as that is known.
  private(set) var closeReason: RPCError?
  private var keepalive: ClientKeepalive?
  private var keepaliveTimer: Scheduled<Void>?

  init(
    to address: ServerAddress, scheme: String, limits: NgHTTP2Session.Limits, keepalive: ClientKeepalive?,
    eventLoop: any EventLoop, owner: any Owner
  ) {
    self.address = address
    self.scheme = scheme
    self.keepalive = keepalive
    self.eventLoop = eventLoop
    self.owner = owner
    let executor = EventLoopExecutor.of(eventLoop)
    http2 = HTTP2Connection(
      session: NgHTTP2Session(role: .client, limits: limits, buffers: executor.buffers), executor: executor,
      isSecure: scheme == "https", delegate: self)
  }

  /// - Throws: when the attempt was given up meanwhile.
  func add(to channel: any Channel) throws {
    guard !isClosing else { throw ChannelError.ioOnClosedChannel }
    try http2.add(to: channel)
  }

  /// What TCP is told of keepalive, in milliseconds; nil when it is off or this is no TCP.
  var userTimeout: Int? {
    if case .unixDomainSocket = address.socket { nil } else { keepalive?.userTimeout }
  }

  func connectFailed(_ error: any Error) {
    end(closeReason ?? RPCError(code: .unavailable, message: plainReason(error), cause: error))
  }

  // MARK: Calls

  /// Whether a call can begin now; past the server's limit they wait in the channel, where they are free to go elsewhere.
  var hasRoom: Bool {
    isReady && !isDraining && http2.isActive && http2.session.streams.count < maxStreams
  }

  /// A stream was opened.
  func streamOpened() {
    if keepalive != nil, keepaliveTimer == nil { checkKeepalive() }
  }

  func streamClosed() {
    closeIfDrained()
    owner?.connectionHasRoom(self)
  }

  // MARK: HTTP/2

  func received(_ request: HeaderBlock, on stream: HTTP2Stream, endStream: Bool) {}

  func receivedSettings() {
    maxStreams = http2.session.peerMaxConcurrentStreams
    guard !isReady else {
      owner?.connectionHasRoom(self)
      return
    }
    isReady = true
    checkKeepalive()
    owner?.connectionReady(self)
  }

  func receivedGoAway(lastStreamID: Int32, _ code: HTTP2ErrorCode, debugData: String) {
    // The streams above are closed by nghttp2 with REFUSED_STREAM; the others go on.
    drain(tooManyPings: code == .enhanceYourCalm && debugData == "too_many_pings")
  }

  func receivedPingAck(_ payload: UInt64) {}

  func connectionClosed(_ reason: RPCError?) { end(closeReason ?? reason) }

  // MARK: The end

  /// Takes no more calls, and closes when the last has ended.
  func drain(tooManyPings: Bool = false) {
    guard !isDraining else { return }
    isDraining = true
    owner?.connectionDraining(self, tooManyPings: tooManyPings)
    closeIfDrained()
  }

  private func closeIfDrained() {
    if isDraining, http2.session.streams.isEmpty {
      // GOAWAY both ways, no streams: nghttp2 has nothing left, and the connection closes when it is flushed.
      http2.session.terminate(.noError)
      http2.setNeedsFlush()
    }
  }

  /// Closes at once; the calls that are open fail.
  func close(_ reason: RPCError? = nil) {
    closeReason = closeReason ?? reason
    isClosing = true
    http2.close()
  }

  private func end(_ reason: RPCError?) {
    keepaliveTimer?.cancel()
    keepaliveTimer = nil
    keepalive = nil
    closeReason = reason
    let owner = owner
    self.owner = nil
    owner?.connectionClosed(self, reason)
  }

  // MARK: Keepalive

  private func checkKeepalive() {
    keepaliveTimer = nil
    guard var keepalive else { return }
    let action = keepalive.check(
      at: .now(), lastRead: http2.lastRead, hasCalls: !http2.session.streams.isEmpty)
    self.keepalive = keepalive
    switch action {
    case .sleep: break
    case .wait(let time): checkKeepalive(at: time)
    case .ping(let time):
      http2.session.submitPing(0)
      http2.setNeedsFlush()
      checkKeepalive(at: time)
    case .close:
      close(
        RPCError(
          code: .unavailable,
          message:
            "\(address) has not answered a keepalive ping within \(keepalive.timeout.nanoseconds / 1_000_000) ms."
        ))
    }
  }

  private func checkKeepalive(at time: NIODeadline) {
    keepaliveTimer = eventLoop.assumeIsolated().scheduleTask(deadline: time) { [weak self] in
      self?.checkKeepalive()
    }
  }
}
