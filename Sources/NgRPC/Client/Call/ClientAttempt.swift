import NIOCore

/// One attempt at a call: a stream, and what the server's frames on it mean.
///
/// What is sent before the stream is opened waits in its outbound buffer. Belongs to its channel's event loop.
final class ClientAttempt: HTTP2StreamDelegate {
  /// How an attempt ended.
  enum End {
    /// Nothing of it left this side: the attempt can be started again.
    case unsent
    /// The server has not looked at it.
    case refused(RPCError)
    case status(RPCError)
  }

  private let stream = HTTP2Stream()
  /// Let go when the attempt is over for it; the stream may live on.
  private var call: ClientCallCore?
  /// While the stream is open.
  private var connection: ClientConnection?
  private var response: ClientResponseState
  private var deframer: MessageDeframer
  private var flow = InboundFlow()

  init(of call: ClientCallCore, maxResponseBytes: Int) {
    self.call = call
    response = ClientResponseState(kind: call.method.kind)
    deframer = MessageDeframer(limit: maxResponseBytes)
  }

  /// Opens the stream.
  ///
  /// - Returns: false when the connection takes no more streams.
  func start(on connection: ClientConnection, _ headers: HeaderList) -> Bool {
    guard connection.http2.isActive, connection.http2.session.submitRequest(stream, headers) else {
      return false
    }
    stream.delegate = self
    self.connection = connection
    connection.http2.setNeedsFlush()
    connection.streamOpened()
    return true
  }

  // MARK: Outbound

  var pendingBytes: Int { stream.pendingBytes }
  /// Whether more than the high mark waits, so that senders are asked to.
  var isFull: Bool { stream.isFull }

  /// - Returns: the bytes of the message.
  func send(_ message: some RPCMessage) throws -> Int {
    borrowOutbound()
    let start = stream.outbound.writerIndex
    try stream.outbound.writeFramed(message)
    outboundGrew()
    return stream.outbound.writerIndex - start - ByteBuffer.messagePrefixLength
  }

  func send(framed message: ByteBuffer) {
    stream.outbound.appendMessage(message)
    outboundGrew()
  }

  /// Small messages on an open stream are gone in a moment, and with them the need for memory of their own.
  private func borrowOutbound() {
    if let connection { stream.borrowOutbound(from: connection.http2.executor.buffers) }
  }

  /// Sends what an earlier attempt has sent.
  func send(_ replay: ReplayBuffer) {
    replay.write(to: &stream.outbound)
    outboundGrew()
  }

  /// Ends this side: no more messages.
  func finish() {
    stream.end = .endStream
    outboundGrew()
  }

  private func outboundGrew() {
    if stream.pendingBytes >= HTTP2Stream.highMark { stream.isFull = true }
    guard let connection else { return }
    connection.http2.session.resume(stream)
    connection.http2.setNeedsFlush()
  }

  func becameWritable() { call?.becameWritable() }

  // MARK: Inbound

  func received(_ headers: HeaderBlock, endStream: Bool) {
    switch response.receive(headers, endStream: endStream) {
    case .ignore: break
    case .initial(let metadata):
      deframer.encoding = headers.encoding
      call?.receivedInitialMetadata(metadata)
    case .end(let status): end(complete(status), .noError)
    case .violation(let error): end(error, .cancel)
    }
  }

  func received(_ chunk: UnsafeRawBufferPointer) {
    var rest = chunk
    do {
      while let message = try deframer.next(in: &rest) {
        switch message.bytes {
        case .inPlace(let bytes): try receive(bytes, isCompressed: message.isCompressed)
        case .assembled(let buffer) where !message.isCompressed: try receive(assembled: buffer)
        case .assembled(let buffer):
          try buffer.withUnsafeReadableBytes { try receive($0, isCompressed: message.isCompressed) }
        }
      }
      creditPartialMessage()
    } catch {
      guard response.end() else { return }
      end(RPCError(unreadable: error), .cancel)
    }
  }

  private func receive(_ bytes: UnsafeRawBufferPointer, isCompressed: Bool) throws {
    let credit = flow.completed(wireSize: bytes.count + ByteBuffer.messagePrefixLength)
    guard try response.receiveMessage(), let call, let receiver = call.receiver else {
      return giveCredit(credit)
    }
    if isCompressed {
      let message = CompressedMessage(bytes, deframer.encoding, limit: deframer.limit)
      try receiver.receive(message, credit: credit)
    } else {
      call.interception?.received(MessageSize(wireBytes: bytes.count, messageBytes: bytes.count))
      try receiver.receive(bytes, credit: credit)
    }
  }

  private func receive(assembled message: ByteBuffer) throws {
    let credit = flow.completed(wireSize: message.readableBytes + ByteBuffer.messagePrefixLength)
    guard try response.receiveMessage(), let call, let receiver = call.receiver else {
      return giveCredit(credit)
    }
    call.interception?.received(
      MessageSize(wireBytes: message.readableBytes, messageBytes: message.readableBytes))
    try receiver.receive(assembled: message, credit: credit)
  }

  func receivedEndStream() {
    guard response.end() else { return }
    // The response ended with DATA: there is no status.
    end(RPCError(code: .unknown, message: "The server ended the response without a status."), .noError)
  }

  /// A response that ends within a message did not end well.
  private func complete(_ status: RPCError) -> RPCError {
    guard status.code == .ok, deframer.partialBytes > 0 else { return status }
    return RPCError(code: .internalError, message: "The response ended within a message.")
  }

  func giveCredit(_ bytes: Int) {
    guard let connection else { return }
    connection.http2.session.consume(bytes, of: stream)
    connection.http2.setNeedsFlush()
    creditPartialMessage()
  }

  private func creditPartialMessage() {
    guard deframer.partialBytes > 0, let connection, call?.receiver?.isDrained ?? true else { return }
    let bytes = flow.waiting(partialBytes: deframer.partialBytes)
    guard bytes > 0 else { return }
    connection.http2.session.consume(bytes, of: stream)
    connection.http2.setNeedsFlush()
  }

  // MARK: The end

  /// The call has no more use for the attempt.
  func abandon() {
    call = nil
    _ = response.end()
    reset(.cancel)
  }

  private func end(_ status: RPCError, _ code: HTTP2ErrorCode) {
    reset(code)
    let call = call
    self.call = nil
    call?.attemptEnded(.status(status))
  }

  private func reset(_ code: HTTP2ErrorCode) {
    // What this side has not sent is not wanted any more; a request that went out whole ends by itself.
    if let connection, code != .noError || !stream.end.isSent {
      connection.http2.session.reset(stream, code)
      connection.http2.setNeedsFlush()
    }
    stream.outbound = ByteBuffer()
  }

  func closed(_ error: HTTP2ErrorCode?) {
    let connection = connection
    self.connection = nil
    if let call {
      if stream.wasTurnedAway || (error == nil && !stream.isOpened) {
        stream.reuse()
        call.attemptEnded(.unsent)
      } else if response.end() {
        self.call = nil
        call.attemptEnded(Self.end(of: error, connection?.closeReason))
      }
    }
  }

  private static func end(of error: HTTP2ErrorCode?, _ reason: RPCError?) -> End {
    switch error {
    case nil:
      .status(
        RPCError(
          code: .unavailable,
          message: reason.map { "The connection to the server was lost: \($0.message)" }
            ?? "The connection to the server was lost.",
          cause: reason?.cause))
    case .refusedStream?:
      .refused(RPCError(code: .unavailable, message: "The server has refused the call."))
    case let error?:
      .status(
        RPCError(code: StatusCode(reset: error), message: "The server has reset the call: \(error)."))
    }
  }
}

extension HTTP2Stream.End {
  fileprivate var isSent: Bool { if case .sent = self { true } else { false } }
}
