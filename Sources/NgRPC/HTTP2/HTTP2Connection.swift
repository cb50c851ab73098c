import NIOCore

#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif

/// What happens on a connection beside its streams, told to whoever owns it. On the event loop.
protocol HTTP2ConnectionDelegate: AnyObject {
  /// A client opened a stream; it needs a delegate.
  func received(_ request: HeaderBlock, on stream: HTTP2Stream, endStream: Bool)
  /// The peer's settings have come: the connection is usable.
  func receivedSettings()
  /// The peer goes away: streams above `lastStreamID` were not and will not be processed.
  func receivedGoAway(lastStreamID: Int32, _ code: HTTP2ErrorCode, debugData: String)
  /// The peer asks for a sign of life, which it gets.
  func receivedPing()
  func receivedPingAck(_ payload: UInt64)
  /// A stream has ended; there may be others.
  func streamClosed()
  /// A read has ended within a block of headers.
  func headersUnfinished()
  /// As many frames that move nothing have come as make one look at the peer.
  func receivedManyIdleFrames()
  /// The socket takes no more for now, or more waits for the peer's windows than is wanted.
  func outputBlocked()
  /// No more waits for the peer's windows than is wanted: told once when it was asked for.
  func outputRelieved()
  /// The connection is over. The last call.
  func connectionClosed(_ reason: RPCError?)
}

// What only one of the two sides looks at.
extension HTTP2ConnectionDelegate {
  func receivedPing() {}
  func streamClosed() {}
  func receivedManyIdleFrames() {}
  func headersUnfinished() {}
  func outputBlocked() {}
  func outputRelieved() {}
}

/// Moves bytes between a NIO channel and an nghttp2 session: reads in, events out to the streams, and one write for all
/// that a drain has made.
///
/// Belongs to its channel's event loop.
final class HTTP2Connection: ChannelInboundHandler, Flushable {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// Bytes for one write; then the channel is asked whether it takes more. TLS keeps a buffer as large as the largest.
  private var writeSize: Int { isSecure ? 32 * 1024 : 128 * 1024 }
  /// How long the last bytes may take.
  private static let finishTimeout = TimeAmount.seconds(5)
  /// How much a peer may send after the end.
  private static let maxDiscarded = 4 * 1024 * 1024

  let session: NgHTTP2Session
  let executor: EventLoopExecutor
  private let isSecure: Bool
  /// Let go when the connection is over.
  private var delegate: (any HTTP2ConnectionDelegate)?
  private var context: ChannelHandlerContext?
  /// Set while the channel waits for the peer to close its side.
  private var finishingChannel: (any Channel)?
  private var isMarked = false
  private var isHandlingEvents = false
  private var isClosing = false
  /// nghttp2 is done; the channel closes when it has sent everything.
  private var isFinishing = false
  private var closeReason: RPCError?
  /// When the last bytes came.
  private(set) var lastRead = NIODeadline.now()
  /// How many bytes were handed to the channel.
  private var bytesWritten = 0
  private var bytesDiscarded = 0
  /// How often the output was flushed. Wraps around.
  private(set) var flushCount: UInt32 = 0
  /// Whether the delegate waits for ``HTTP2ConnectionDelegate/outputRelieved()``.
  var tellsWhenRelieved = false

  /// - Parameter isSecure: whether TLS stands in front.
  init(
    session: NgHTTP2Session, executor: EventLoopExecutor, isSecure: Bool,
    delegate: any HTTP2ConnectionDelegate
  ) {
    self.isSecure = isSecure
    self.session = session
    self.executor = executor
    self.delegate = delegate
  }

  /// Takes over a channel, behind the handlers that it has. On its event loop.
  func add(to channel: any Channel) throws {
    try channel.syncOptions?.setOption(.maxMessagesPerRead, value: 1)
    try channel.syncOptions?.setOption(
      .recvAllocator, value: EventLoopReadAllocator(executor, isSecure: isSecure))
    try channel.pipeline.syncOperations.addHandler(self)
  }

  var isActive: Bool { context != nil && !isClosing }
  var remoteAddress: SocketAddress? { context?.remoteAddress }

  /// Something may be there to be sent: it is, at the end of the drain.
  func setNeedsFlush() {
    guard !isMarked, context != nil else { return }
    isMarked = true
    executor.needsFlush(self)
  }

  // MARK: Channel

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    if context.channel.isActive { setNeedsFlush() }
  }

  func handlerRemoved(context: ChannelHandlerContext) { finish() }

  func channelActive(context: ChannelHandlerContext) {
    setNeedsFlush()
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isClosing, !isFinishing else { return discard(unwrapInboundIn(data), context) }
    executor.beginRead()
    lastRead = .now()
    let buffer = unwrapInboundIn(data)
    do throws(RPCError) {
      try buffer.withUnsafeReadableBytes { bytes throws(RPCError) in
        // Also after a failure: what the events point at is there until this returns.
        defer { handleEvents() }
        try session.receive(bytes)
      }
      setNeedsFlush()
      if !context.channel.isWritable, session.isFlooded { fail(.enhanceYourCalm) }
      if session.headersStreamID != 0 { delegate?.headersUnfinished() }
    } catch {
      closeReason = buffer.looksLikeTLS ? broken(by: PlaintextFailure.peerSpeaksTLS) : error
      fail(error.code == .resourceExhausted ? .enhanceYourCalm : .protocolError)
    }
    if !isSecure { executor.buffers.giveBack(read: buffer) }
  }

  /// What came can't be understood, or is too much: the peer is told, if it takes that at once.
  private func fail(_ code: HTTP2ErrorCode) {
    if !session.isRefused { session.terminate(code) }
    flushOutput()
    if !isFinishing { close() }
  }

  /// What comes after the end is let go, as far as it is no more than was under way.
  private func discard(_ buffer: ByteBuffer, _ context: ChannelHandlerContext) {
    bytesDiscarded += buffer.readableBytes
    if bytesDiscarded > Self.maxDiscarded { context.close(promise: nil) }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    executor.endRead()
    context.fireChannelReadComplete()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable { setNeedsFlush() }
    context.fireChannelWritabilityChanged()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if !isClosing { closeReason = closeReason ?? broken(by: error) }
    executor.endRead()
    close()
  }

  private func broken(by error: any Error) -> RPCError {
    RPCError(code: .unavailable, message: "The connection broke: \(plainReason(error)).", cause: error)
  }

  func channelInactive(context: ChannelHandlerContext) {
    finish()
    executor.endRead()
    context.fireChannelInactive()
  }

  // MARK: Output

  func flushOutput() {
    isMarked = false
    flushCount &+= 1
    guard let context, !isClosing else { return }
    var hasWritten = false
    do {
      var mayHaveMore = true
      while mayHaveMore, context.channel.isWritable {
        session.output = executor.buffers.takeOutput()
        mayHaveMore = try session.produceOutput(limit: writeSize)
        let output = session.output
        session.output = ByteBuffer()
        if output.readableBytes > 0 {
          bytesWritten += output.readableBytes
          context.write(wrapOutboundOut(output), promise: nil)
          hasWritten = true
        }
        if mayHaveMore {
          // Behind TLS the channel knows of bytes only when they are flushed.
          context.flush()
          hasWritten = false
        }
        executor.buffers.giveBack(output: output)
        handleEvents()
      }
    } catch {
      closeReason = error
      if hasWritten { context.flush() }
      close()
      return
    }
    if hasWritten { context.flush() }
    if session.isFinished { return closeWhenFlushed() }
    if !context.channel.isWritable || session.isOutboundOverfull {
      delegate?.outputBlocked()
    } else if tellsWhenRelieved {
      tellsWhenRelieved = false
      delegate?.outputRelieved()
    }
  }

  /// What keeps the output from going on.
  enum Blockade: Equatable {
    /// The socket; so many bytes it has taken, behind TLS less what TLS has added to those that wait: good for comparing.
    case socket(bytesTaken: Int)
    /// The peer's windows; so many bytes it has let through.
    case windows(bytesSent: UInt64)
  }

  /// Nil when nothing does.
  var blockade: Blockade? {
    guard let context else { return nil }
    if !context.channel.isWritable {
      let buffered = try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)
      return .socket(bytesTaken: bytesWritten - (buffered ?? 0))
    }
    return session.isOutboundOverfull ? .windows(bytesSent: session.dataBytesSent) : nil
  }

  /// Closes when the peer has taken what was written, or after a while when it does not.
  private func closeWhenFlushed() {
    guard let context, !isClosing, !isFinishing else { return }
    isFinishing = true
    let channel = context.channel
    finishingChannel = channel
    let timer = context.eventLoop.assumeIsolated().scheduleTask(in: Self.finishTimeout) {
      channel.close(promise: nil)
    }
    channel.closeFuture.assumeIsolated().whenComplete { _ in
      timer.cancel()
      self.finishingChannel = nil
    }
    let written = context.eventLoop.makePromise(of: Void.self)
    written.futureResult.assumeIsolated().whenComplete { _ in
      self.finish()
      // Closing a socket that has unread bytes resets the connection, and the peer could lose what was just written:
      // only this side is closed, and the channel closes when the peer has closed the other.
      channel.close(mode: .output).whenFailure { _ in channel.close(promise: nil) }
    }
    context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: written)
  }

  func close() {
    guard !isClosing else { return }
    isClosing = true
    // The peer learns of the end even if a process that was started meanwhile has inherited the socket.
    context?.close(mode: .output, promise: nil)
    context?.close(promise: nil)
  }

  /// Closes at once with a reset of TCP: the peer learns of it even if it does not read.
  func abort() {
    if let socket = context?.channel as? any SocketOptionProvider {
      _ = socket.setSoLinger(linger(l_onoff: 1, l_linger: 0))
    }
    isClosing = true
    context?.close(promise: nil)
  }

  /// Closes at once, and does not wait for the peer to close its side either.
  func cut() {
    close()
    finishingChannel?.close(promise: nil)
  }

  private func finish() {
    guard context != nil else { return }
    context = nil
    isClosing = true
    handleEvents()
    if closeReason == nil, let error = session.lastError {
      closeReason = RPCError(code: .internalError, message: error)
    }
    // Whoever makes new calls must know first: the end of a call may begin another.
    let streams = session.removeAllStreams()
    let delegate = delegate
    self.delegate = nil
    delegate?.connectionClosed(closeReason)
    for stream in streams { end(stream, nil) }
  }

  // MARK: Events

  private func handleEvents() {
    guard !isHandlingEvents else { return }
    isHandlingEvents = true
    defer { isHandlingEvents = false }
    var index = 0
    while index < session.events.count {
      handle(session.events[index])
      index += 1
    }
    session.removeAllEvents()
    while let stream = session.drained.popLast() {
      // One that was noted twice may be full again by now.
      guard stream.isFull, stream.pendingBytes <= HTTP2Stream.lowMark else { continue }
      stream.isFull = false
      stream.delegate?.becameWritable()
    }
  }

  private func end(_ stream: HTTP2Stream, _ code: HTTP2ErrorCode?) {
    let delegate = stream.delegate
    stream.delegate = nil
    delegate?.closed(code)
  }

  private func handle(_ event: NgHTTP2Session.Event) {
    switch event {
    case .data(let stream, let bytes): stream.delegate?.received(bytes)
    case .request(let stream, let head, let end):
      if isActive { delegate?.received(head, on: stream, endStream: end) }
    case .headers(let stream, let headers, let end): stream.delegate?.received(headers, endStream: end)
    case .endStream(let stream): stream.delegate?.receivedEndStream()
    case .closed(let stream, let code):
      end(stream, code)
      delegate?.streamClosed()
    case .settings: delegate?.receivedSettings()
    case .goAway(let last, let code, let debug):
      delegate?.receivedGoAway(lastStreamID: last, code, debugData: debug)
    case .manyIdleFrames: delegate?.receivedManyIdleFrames()
    case .ping: delegate?.receivedPing()
    case .pingAck(let payload): delegate?.receivedPingAck(payload)
    }
  }
}
