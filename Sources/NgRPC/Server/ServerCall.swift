import NIOCore
import Synchronization

/// One call at a server: joins the stream, the pure state, and whoever handles the call.
///
/// `@unchecked Sendable`: all state is touched on `eventLoop` only; handlers elsewhere reach it through the hops of
/// ``ServerStream``, ``ResponseWriter`` and ``ServerContext``.
///
/// `@exclusivity(unchecked)`: all of it is touched on one event loop, and no access spans a call of other code; the checks would
/// take a tenth of what a message takes.
final class ServerCall: HTTP2StreamDelegate, InboundCreditor, @unchecked Sendable {
  /// How long a finished call's last messages may take.
  private static let lingerTimeout = TimeAmount.seconds(30)

  let method: MethodDescriptor
  let requestMetadata: Metadata
  /// What the request's messages may be compressed with.
  let requestEncoding: CompressionAlgorithm
  /// What the client takes.
  let acceptedEncodings: AcceptedEncodings
  let deadline: NIODeadline?
  let executor: EventLoopExecutor
  private let connection: ServerConnection
  private let stream: HTTP2Stream
  @exclusivity(unchecked) private var state: ServerStreamState
  @exclusivity(unchecked) private var deframer: MessageDeframer
  @exclusivity(unchecked) private var flow = InboundFlow()
  /// What came of the request and was neither taken nor dropped, in bytes.
  @exclusivity(unchecked) private var heldBytes = 0
  /// Of the message that is taken next: what of it was given back to the client early.
  @exclusivity(unchecked) private var earlyBytes = 0
  /// Kept by the connection.
  var isWaitingForRoom = false
  @exclusivity(unchecked) private(set) var receiver: InboundReceiver?
  private var task: Task<Void, Never>?
  private var deadlineTimer: Scheduled<Void>?
  private var lingerTimer: Scheduled<Void>?
  /// Only of a call whose handler can wait for room.
  private var writers: RoomWaiters?
  /// Nil when no interceptor has to do with the call.
  @exclusivity(unchecked) private(set) var interception: ServerCallInterception?
  private var initialMetadata = Metadata()
  private var trailingMetadata = Metadata()
  /// What the response's head announces: what is sent compressed later is so with nothing else.
  @exclusivity(unchecked) private var announcedCompression = CompressionAlgorithm.identity
  /// What is wanted until then. Atomic, because handlers compress their messages wherever they run.
  let wantedCompression: Atomic<UInt8>

  var eventLoop: any EventLoop { executor.eventLoop }
  var peer: SocketAddress? { connection.peer }
  var peerCertificate: PeerCertificate? { connection.peerCertificate }
  var servedServices: [String] { connection.router.services }

  init(method: MethodDescriptor, request: HeaderBlock, stream: HTTP2Stream, connection: ServerConnection) {
    self.method = method
    requestMetadata = request.metadata
    requestEncoding = request.encoding
    acceptedEncodings = request.acceptedEncodings
    self.stream = stream
    self.connection = connection
    executor = connection.http2.executor
    state = ServerStreamState(kind: method.kind)
    deframer = MessageDeframer(
      limit: connection.configuration.maxMessageBytes, encoding: request.encoding)
    wantedCompression = Atomic(CompressionAlgorithm.identity.rawValue)
    deadline = request.timeout.map { .now() + .nanoseconds($0.nanoseconds) }
    if connection.configuration.compression != .identity {
      setCompression(connection.configuration.compression)
    }
  }

  /// Begins the call, when its interceptors let it in.
  func begin(_ route: RPCRouter.Route) {
    if let deadline {
      deadlineTimer = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in
        self?.fail(RPCError(code: .deadlineExceeded, message: "The call's deadline has passed."))
      }
    }
    if let interceptors = route.interceptors {
      let interception = ServerCallInterception(interceptors, isRegistered: route.isRegistered, now: .now())
      self.interception = interception
      return letIn(interception, to: route)
    }
    makeReceiver(route.begin)
  }

  private func makeReceiver(_ make: (ServerCall) throws -> InboundReceiver) {
    do {
      receiver = try make(self)
    } catch {
      fail(RPCError(thrownByHandler: error))
    }
  }

  /// Begins a call that its interceptors have let in, with what has come meanwhile.
  func begin(
    _ make: (ServerCall) throws -> InboundReceiver, after interception: ServerCallInterception
  ) {
    makeReceiver(make)
    let held = interception.release()
    // Counted again as it is read.
    release(held.bytes.readableBytes)
    held.bytes.withUnsafeReadableBytes { if !$0.isEmpty { received($0) } }
    if held.end { receivedEndStream() }
  }

  /// The task that handles the call: cancelled when the call is cut short.
  func run(_ body: @escaping @Sendable () async -> Void) {
    task = Task(executorPreference: executor, operation: body)
  }

  // MARK: Inbound

  func received(_ headers: HeaderBlock, endStream: Bool) {
    // Trailers of a request mean nothing in gRPC.
    if endStream { receivedEndStream() }
  }

  func received(_ chunk: UnsafeRawBufferPointer) {
    guard !state.hasEnded else { return }
    hold(chunk.count)
    // Room may have been made by ending this call.
    guard !state.hasEnded else { return }
    if let interception, interception.hold(chunk) { return }
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
      couldNotRead(error)
    }
  }

  func inflated(_ message: MessageSize) { interception?.received(message) }

  func couldNotRead(_ error: any Error) { fail(RPCError(unreadable: error)) }

  var compressedRequestCount: Int {
    eventLoop.preconditionInEventLoop()
    return receiver?.compressedCount ?? 0
  }

  private func receive(_ bytes: UnsafeRawBufferPointer, isCompressed: Bool) throws {
    let credit = credit(forMessageOf: bytes.count)
    guard try state.receiveMessage(), let receiver else { return giveCredit(credit) }
    if isCompressed {
      let message = CompressedMessage(bytes, deframer.encoding, limit: deframer.limit)
      try receiver.receive(message, credit: credit)
    } else {
      interception?.received(MessageSize(wireBytes: bytes.count, messageBytes: bytes.count))
      try receiver.receive(bytes, credit: credit)
    }
  }

  /// What the client gets back when the message is taken.
  private func credit(forMessageOf size: Int) -> Int {
    let wireSize = size + ByteBuffer.messagePrefixLength
    let credit = flow.completed(wireSize: wireSize)
    // Only the message that is taken next can have been given back early.
    if credit < wireSize { earlyBytes = wireSize - credit }
    return credit
  }

  private func receive(assembled message: ByteBuffer) throws {
    let credit = credit(forMessageOf: message.readableBytes)
    guard try state.receiveMessage(), let receiver else { return giveCredit(credit) }
    interception?.received(MessageSize(wireBytes: message.readableBytes, messageBytes: message.readableBytes))
    try receiver.receive(assembled: message, credit: credit)
  }

  func receivedEndStream() {
    if let interception, interception.holdEnd() { return }
    do {
      guard deframer.partialBytes == 0 else {
        throw RPCError(code: .internalError, message: "The request ended within a message.")
      }
      if try state.receiveEnd() { receiver?.receivedEnd() }
    } catch {
      fail(error as? RPCError ?? RPCError(thrownByHandler: error))
    }
  }

  func giveCredit(_ bytes: Int) {
    connection.http2.session.consume(bytes, of: stream)
    release(bytes + earlyBytes)
    earlyBytes = 0
    creditPartialMessage()
    connection.http2.setNeedsFlush()
  }

  /// Bytes of the request have come, and are kept.
  func hold(_ bytes: Int) {
    heldBytes += bytes
    connection.hold(bytes)
  }

  /// Bytes of the request were taken, or dropped.
  func release(_ bytes: Int) {
    let bytes = min(bytes, heldBytes)
    heldBytes -= bytes
    connection.release(bytes)
  }

  /// How much of an incomplete message has come.
  var partialBytes: Int { deframer.partialBytes }

  /// There is room for more of an incomplete message.
  func giveRoom() { creditPartialMessage() }

  private func creditPartialMessage() {
    guard deframer.partialBytes > 0, receiver?.isDrained ?? true, connection.hasRoom(for: self) else {
      return
    }
    let bytes = flow.waiting(partialBytes: deframer.partialBytes)
    guard bytes > 0 else { return }
    connection.http2.session.consume(bytes, of: stream)
    connection.http2.setNeedsFlush()
  }

  // MARK: Outbound, on the event loop

  var pendingBytes: Int { stream.pendingBytes }
  var hasEnded: Bool { state.hasEnded }
  var isWritable: Bool { !stream.isFull }

  /// - Throws: CANCELLED when the call has ended; what the message's encoding throws.
  func send(_ message: some RPCMessage, compress: Bool) throws {
    if compress, chosenCompression != .identity {
      return try send(framed: FramedMessage(message, compression: chosenCompression))
    }
    eventLoop.preconditionInEventLoop()
    guard !state.hasEnded else { throw Self.endedError }
    // Everything that can fail comes before anything is changed.
    let head = try customHead()
    stream.borrowOutbound(from: executor.buffers)
    let start = stream.outbound.writerIndex
    try stream.outbound.writeFramed(message)
    if let interception {
      let size = stream.outbound.writerIndex - start - ByteBuffer.messagePrefixLength
      interception.sent(MessageSize(wireBytes: size, messageBytes: size))
    }
    sent(head)
  }

  /// - Throws: CANCELLED when the call has ended.
  func send(framed message: FramedMessage) throws {
    eventLoop.preconditionInEventLoop()
    guard !state.hasEnded else { throw Self.endedError }
    let head = try customHead()
    stream.borrowOutbound(from: executor.buffers)
    stream.outbound.writeImmutableBuffer(message.bytes(for: announcedCompression))
    interception?.sent(message.size(for: announcedCompression))
    sent(head)
  }

  /// The response's head when it is due and has metadata of the handler's.
  private func customHead() throws(RPCError) -> HeaderList? {
    guard state.needsHead else { return nil }
    addInterceptorsMetadata()
    announcedCompression = chosenCompression
    guard !initialMetadata.isEmpty || announcedCompression != .identity || requestEncoding != .identity
    else {
      return nil
    }
    try initialMetadata.validate()
    return ResponseHeaders.head(to: requestEncoding, initialMetadata, announcedCompression)
  }

  private func addInterceptorsMetadata() {
    guard let interception else { return }
    // Observers may set metadata themselves.
    var metadata = initialMetadata
    interception.addInitialMetadata(to: &metadata)
    initialMetadata = metadata
  }

  private func sent(_ head: HeaderList?) {
    if case .headersAndMessage = state.send() {
      if let head {
        connection.http2.session.submitResponseHead(stream, head)
      } else {
        connection.http2.session.submitResponseHead(stream)
      }
    }
    outboundGrew()
  }

  private func outboundGrew() {
    connection.http2.session.account(stream)
    if stream.pendingBytes >= HTTP2Stream.highMark || connection.http2.session.isOutboundOverfull {
      stream.isFull = true
    }
    connection.http2.session.resume(stream)
    connection.http2.setNeedsFlush()
  }

  /// Makes the writer of a handler that may have to wait for room in the outbound buffer.
  func makeWriter<Message: RPCMessage>() -> ResponseWriter<Message> {
    let waiters = RoomWaiters(eventLoop: eventLoop)
    writers = waiters
    return ResponseWriter(call: self, waiters: waiters)
  }

  /// What a sender finds.
  var room: RoomWaiters.Room {
    state.hasEnded ? .ended(Self.endedError) : stream.isFull ? .full : .room
  }

  func becameWritable() {
    writers?.resumeAll()
    receiver?.becameWritable()
  }

  func setInitialMetadata(_ metadata: Metadata) { initialMetadata = metadata }
  func setTrailingMetadata(_ metadata: Metadata) { trailingMetadata = metadata }

  /// Ends the call with a status; what was sent before goes out first.
  func finish(_ error: RPCError?) {
    guard let interception, !state.hasEnded else { return submitEnd(error) }
    let status = interception.status(error, trailing: trailingMetadata)
    trailingMetadata = status.metadata
    if status.code == .ok, state.needsHead { addInterceptorsMetadata() }
    submitEnd(status.code == .ok ? nil : RPCError(code: status.code, message: status.message))
    interception.end(status, now: .now())
  }

  private func submitEnd(_ error: RPCError?) {
    switch state.finish() {
    case .drop: return
    case .trailersOnly:
      // What was to go in front goes along: there is only this one block.
      var headers = ResponseHeaders.head(
        to: requestEncoding, error == nil && (try? initialMetadata.validate()) != nil ? initialMetadata : [:],
        .identity)
      ResponseHeaders.add(error, trailingMetadata, to: &headers)
      connection.http2.session.submitTrailersOnly(stream, headers)
    case .trailers where error == nil && trailingMetadata.isEmpty:
      stream.end = .statusOK
      connection.http2.session.resume(stream)
    case .trailers:
      var trailers = HeaderList()
      ResponseHeaders.add(error, trailingMetadata, to: &trailers)
      if stream.pendingBytes == 0 {
        connection.http2.session.submitTrailers(stream, trailers)
      } else {
        stream.end = .trailers(trailers)
        connection.http2.session.resume(stream)
      }
    }
    connection.http2.setNeedsFlush()
    ended()
  }

  // MARK: The end

  /// Ends the call early, from this side: the handler is cancelled, the client gets the status.
  func fail(_ error: RPCError) {
    guard !state.hasEnded else { return }
    // What waits to be sent would delay the status for as long as the client does not read.
    stream.outbound = ByteBuffer()
    connection.http2.session.account(stream)
    finish(error)
    task?.cancel()
    closeReceiver(error)
    deframer.drop()
    release(heldBytes)
  }

  func closed(_ error: HTTP2ErrorCode?) {
    lingerTimer?.cancel()
    lingerTimer = nil
    if state.close() {
      ended()
      task?.cancel()
      let status = RPCError(
        code: .cancelled,
        message: error == nil
          ? "The connection to the client was lost." : "The client has cancelled the call.")
      interception?.end(status, now: .now())
      closeReceiver(status)
    } else {
      closeReceiver(RPCError(code: .ok, message: ""))
    }
    writers?.resumeAll(throwing: Self.endedError)
    release(heldBytes)
  }

  private func ended() {
    deadlineTimer?.cancel()
    deadlineTimer = nil
    if stream.pendingBytes > HTTP2Stream.lowMark, stream.delegate != nil {
      // A client that does not read must not hold much of a finished call for ever; most are flushed in a moment.
      lingerTimer = eventLoop.assumeIsolated().scheduleTask(in: Self.lingerTimeout) { [weak self] in
        self?.cut()
      }
    }
    writers?.resumeAll(throwing: Self.endedError)
  }

  private func cut() {
    stream.outbound = ByteBuffer()
    connection.http2.session.account(stream)
    connection.http2.session.reset(stream, .cancel)
    connection.http2.setNeedsFlush()
  }

  private func closeReceiver(_ status: RPCError) {
    guard let receiver else { return }
    self.receiver = nil
    receiver.closed(status)
  }

  static let endedError = RPCError(code: .cancelled, message: "The call has ended.")
}
