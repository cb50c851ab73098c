import NIOCore

/// A connection to a server, as its channel sees it. Belongs to its event loop.
final class ClientConnection: HTTP2ConnectionDelegate {
  /// Told what becomes of the connection.
  protocol Owner: AnyObject {
    func connectionReady(_ connection: ClientConnection)
    /// It takes no more calls; those that it has may go on.
    func connectionDraining(_ connection: ClientConnection)
    func connectionClosed(_ connection: ClientConnection, _ reason: RPCError?)
  }

  let authority: String
  let isSecure: Bool
  private(set) var http2: HTTP2Connection!
  private var owner: (any Owner)?
  private(set) var isReady = false
  private var isDraining = false

  init(authority: String, isSecure: Bool, owner: any Owner) {
    self.authority = authority
    self.isSecure = isSecure
    self.owner = owner
  }

  func add(to channel: any Channel, limits: NgHTTP2Session.Limits) throws {
    http2 = HTTP2Connection(
      session: NgHTTP2Session(role: .client, limits: limits), executor: .of(channel.eventLoop), delegate: self
    )
    try channel.pipeline.syncOperations.addHandler(http2)
  }

  func received(_ request: HeaderBlock, on stream: HTTP2Stream, endStream: Bool) {}

  func receivedSettings() {
    guard !isReady else { return }
    isReady = true
    owner?.connectionReady(self)
  }

  func receivedGoAway(lastStreamID: Int32, _ code: HTTP2ErrorCode, debugData: String) {
    // The streams above are closed by nghttp2 with REFUSED_STREAM; the others go on.
    drain()
  }

  func receivedPingAck(_ payload: UInt64) {}

  /// Takes no more calls, and closes when the last has ended.
  func drain() {
    guard !isDraining else { return }
    isDraining = true
    owner?.connectionDraining(self)
    closeIfDrained()
  }

  private func closeIfDrained() {
    if isDraining, http2.session.streams.isEmpty {
      // GOAWAY both ways, no streams: nghttp2 has nothing left, and the connection closes when it is flushed.
      http2.session.terminate(.noError)
      http2.setNeedsFlush()
    }
  }

  func streamClosed() { closeIfDrained() }

  func connectionClosed(_ reason: RPCError?) {
    let owner = owner
    self.owner = nil
    owner?.connectionClosed(self, reason)
  }
}
