import NIOCore

/// One call at a client: joins the stream, the pure state, and whoever takes the messages.
///
/// What is sent before there is a connection waits in the stream's outbound buffer.
///
/// `@unchecked Sendable`: all state is touched on `eventLoop` only; its users hop there.
final class ClientCallCore: HTTP2StreamDelegate, InboundCreditor, @unchecked Sendable {
  private enum Transport { case waiting, open(ClientConnection), closed }

  let method: MethodDescriptor
  /// Final when the call is started: interceptors may change them while they hold it.
  private(set) var options: CallOptions
  let eventLoop: any EventLoop
  private(set) var deadline: NIODeadline?
  /// Nil when no interceptor has to do with the call.
  let interception: ClientCallInterception?
  private let stream = HTTP2Stream()
  private var transport = Transport.waiting
  /// Where the stream was opened; it is told when the stream has gone, which is later than the call's end.
  private var connection: ClientConnection?
  private var response: ClientResponseState
  private var deframer: MessageDeframer
  private var flow = InboundFlow()
  private var receiver: InboundReceiver?
  private var deadlineTimer: Scheduled<Void>?
  /// Only of a call whose user can wait for room.
  private var writers: RoomWaiters?
  private let initial: EventLoopPromise<Metadata>
  private let status: EventLoopPromise<RPCError>

  init(
    method: MethodDescriptor, options: CallOptions, maxMessageBytes: Int, eventLoop: any EventLoop,
    interception: ClientCallInterception? = nil
  ) {
    self.method = method
    self.options = options
    self.eventLoop = eventLoop
    self.interception = interception
    response = ClientResponseState(kind: method.kind)
    deframer = MessageDeframer(limit: maxMessageBytes)
    deadline = options.timeout.map { .now() + TimeAmount($0) }
    initial = eventLoop.makePromise()
    status = eventLoop.makePromise()
  }

  /// The response's head; fails with the status when the call ends without one.
  var initialMetadata: EventLoopFuture<Metadata> { initial.futureResult }
  /// How the call ended. Does not fail.
  var endStatus: EventLoopFuture<RPCError> { status.futureResult }
  /// What requests are compressed with. Does not change.
  var compression: CompressionAlgorithm { options.compression ?? .identity }
  var hasEnded: Bool { if case .closed = transport { true } else { false } }

  // MARK: The beginning

  /// Names who takes the messages, and starts the clock.
  ///
  /// - Parameter writers: The tasks that wait for room, when there can be any.
  func begin(_ receiver: InboundReceiver, writers: RoomWaiters? = nil) {
    self.receiver = receiver
    self.writers = writers
    receiver.creditor = self
    scheduleDeadline()
  }

  /// Takes what the interceptors that held the call have made of its options.
  func prepared(with options: CallOptions) {
    let timeout = self.options.timeout
    self.options = options
    guard options.timeout != timeout, let interception else { return }
    deadlineTimer?.cancel()
    deadline = options.timeout.map { interception.start + TimeAmount($0) }
    scheduleDeadline()
  }

  private func scheduleDeadline() {
    if let deadline {
      deadlineTimer = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in
        self?.end(RPCError(code: .deadlineExceeded, message: "The call's deadline has passed."), .cancel)
      }
    }
  }

  /// Opens the stream.
  func start(on connection: ClientConnection) {
    guard case .waiting = transport else { return }
    do {
      try options.metadata.validate()
    } catch {
      return end(error, nil)
    }
    guard connection.http2.isActive, connection.http2.session.submitRequest(stream, headers(for: connection))
    else {
      // Its numbers are used up, or it is going: the next call gets a new connection.
      connection.drain()
      return end(RPCError(code: .unavailable, message: "The connection takes no more calls."), nil)
    }
    stream.delegate = self
    transport = .open(connection)
    self.connection = connection
    connection.http2.setNeedsFlush()
    interception?.started(on: connection.http2.remoteAddress)
  }

  private func headers(for connection: ClientConnection) -> HeaderList {
    var headers = HeaderList()
    headers.add(":method", "POST")
    headers.add(":scheme", connection.isSecure ? "https" : "http")
    headers.add(":path", method.path)
    headers.add(":authority", connection.authority)
    if let deadline {
      let left = (deadline - .now()).nanoseconds
      headers.add("grpc-timeout", GRPCTimeout(nanoseconds: max(1, left)).header)
    }
    headers.add("te", "trailers")
    headers.add("content-type", "application/grpc")
    if compression != .identity { headers.add("grpc-encoding", compression.name) }
    headers.add("grpc-accept-encoding", CompressionAlgorithm.acceptedByUs)
    headers.add("user-agent", "ngrpc-swift")
    headers.add(options.metadata)
    return headers
  }

  // MARK: Outbound

  var pendingBytes: Int { stream.pendingBytes }
  var isWritable: Bool { stream.pendingBytes < HTTP2Stream.highMark }

  /// Does nothing when the call has ended.
  func send(_ message: some RPCMessage, compress: Bool) throws {
    guard case .open = stream.end, !hasEnded else { return }
    if compress, compression != .identity {
      return send(framed: try FramedMessage(message, compression: compression))
    }
    let start = stream.outbound.writerIndex
    try stream.outbound.writeFramed(message)
    if let interception {
      let size = stream.outbound.writerIndex - start - ByteBuffer.messagePrefixLength
      interception.sent(MessageSize(wireBytes: size, messageBytes: size))
    }
    outboundGrew()
  }

  /// Does nothing when the call has ended.
  func send(framed message: FramedMessage) {
    guard case .open = stream.end, !hasEnded else { return }
    stream.outbound.writeImmutableBuffer(message.bytes(for: compression))
    interception?.sent(message.size(for: compression))
    outboundGrew()
  }

  /// Ends this side: no more messages.
  func finish() {
    guard case .open = stream.end, !hasEnded else { return }
    stream.end = .endStream
    outboundGrew()
  }

  private func outboundGrew() {
    if stream.pendingBytes >= HTTP2Stream.highMark { stream.isFull = true }
    guard case .open(let connection) = transport else { return }
    connection.http2.session.resume(stream)
    connection.http2.setNeedsFlush()
  }

  /// What a sender finds.
  var room: RoomWaiters.Room { hasEnded ? .ended(Self.endedError) : stream.isFull ? .full : .room }

  private static let endedError = RPCError(code: .cancelled, message: "The call has ended.")

  func becameWritable() {
    writers?.resumeAll()
    receiver?.becameWritable()
  }

  // MARK: Inbound

  func received(_ headers: HeaderBlock, endStream: Bool) {
    switch response.receive(headers, endStream: endStream) {
    case .ignore: break
    case .initial(let metadata):
      deframer.encoding = headers.encoding
      interception?.receivedInitialMetadata(metadata)
      initial.succeed(metadata)
    case .end(let status): ended(complete(status), .noError)
    case .violation(let error): ended(error, .cancel)
    }
  }

  func received(_ chunk: UnsafeRawBufferPointer) {
    var rest = chunk
    do {
      while let message = try deframer.next(in: &rest) {
        switch message.bytes {
        case .inPlace(let bytes): try receive(bytes, isCompressed: message.isCompressed)
        case .assembled(let buffer):
          try buffer.withUnsafeReadableBytes { try receive($0, isCompressed: message.isCompressed) }
        }
      }
      creditPartialMessage()
    } catch {
      couldNotRead(error)
    }
  }

  func inflated(_ message: MessageSize) { interception?.received(message) }

  func couldNotRead(_ error: any Error) { end(RPCError(unreadable: error), .cancel) }

  private func receive(_ bytes: UnsafeRawBufferPointer, isCompressed: Bool) throws {
    let credit = flow.completed(wireSize: bytes.count + ByteBuffer.messagePrefixLength)
    guard try response.receiveMessage(), let receiver else { return giveCredit(credit) }
    if isCompressed {
      let message = CompressedMessage(bytes, deframer.encoding, limit: deframer.limit)
      try receiver.receive(message, credit: credit)
    } else {
      interception?.received(MessageSize(wireBytes: bytes.count, messageBytes: bytes.count))
      try receiver.receive(bytes, credit: credit)
    }
  }

  func receivedEndStream() {
    // The response ended with DATA: there is no status.
    end(RPCError(code: .unknown, message: "The server ended the response without a status."), .noError)
  }

  /// A response that ends within a message did not end well.
  private func complete(_ status: RPCError) -> RPCError {
    guard status.code == .ok, deframer.partialBytes > 0 else { return status }
    return RPCError(code: .internalError, message: "The response ended within a message.")
  }

  func giveCredit(_ bytes: Int) {
    guard case .open(let connection) = transport else { return }
    connection.http2.session.consume(bytes, of: stream)
    connection.http2.setNeedsFlush()
    creditPartialMessage()
  }

  private func creditPartialMessage() {
    guard deframer.partialBytes > 0, receiver?.isDrained ?? true, case .open(let connection) = transport
    else { return }
    let bytes = flow.waiting(partialBytes: deframer.partialBytes)
    guard bytes > 0 else { return }
    connection.http2.session.consume(bytes, of: stream)
    connection.http2.setNeedsFlush()
  }

  // MARK: The end

  /// Ends the call from this side.
  ///
  /// - Parameter code: what the stream is reset with, if at all.
  func end(_ error: RPCError, _ code: HTTP2ErrorCode?) {
    guard response.end() else { return }
    ended(error, code)
  }

  func cancel() { end(RPCError(code: .cancelled, message: "The call was cancelled by its caller."), .cancel) }

  func closed(_ error: HTTP2ErrorCode?) {
    let connection = connection
    self.connection = nil
    defer { connection?.streamClosed() }
    guard response.end() else { return }
    if let error {
      ended(
        RPCError(code: StatusCode(reset: error), message: "The server has reset the call: \(error)."), nil)
    } else {
      ended(RPCError(code: .unavailable, message: "The connection to the server was lost."), nil)
    }
  }

  private func ended(_ error: RPCError, _ code: HTTP2ErrorCode?) {
    // What this side has not sent is not wanted any more; a request that went out whole ends by itself.
    if let code, case .open(let connection) = transport, code != .noError || !stream.end.isSent {
      connection.http2.session.reset(stream, code)
      connection.http2.setNeedsFlush()
    }
    transport = .closed
    stream.outbound = ByteBuffer()
    deadlineTimer?.cancel()
    deadlineTimer = nil
    interception?.ended(error, now: .now())
    // A response that is trailers alone has no metadata in front.
    if error.code == .ok { initial.succeed([:]) } else { initial.fail(error) }
    status.succeed(error)
    let receiver = receiver
    self.receiver = nil
    receiver?.closed(error)
    writers?.resumeAll(throwing: error.code == .ok ? Self.endedError : error)
  }
}

extension HTTP2Stream.End {
  fileprivate var isSent: Bool { if case .sent = self { true } else { false } }
}

extension ClientCallCore {
  /// Runs `body` on the event loop: at once if this is it, else after what was handed there before.
  func onEventLoop(_ body: @escaping @Sendable (ClientCallCore) -> Void) {
    if eventLoop.inEventLoop {
      body(self)
    } else {
      eventLoop.execute { body(self) }
    }
  }
}
