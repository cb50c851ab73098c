import NIOCore

/// One call at a client: joins its attempts, of which there is one at a time, and whoever takes the messages.
///
/// `@unchecked Sendable`: all state is touched on `eventLoop` only; its users hop there.
final class ClientCallCore: InboundCreditor, Queueable, @unchecked Sendable {
  private enum State {
    /// For a connection, or for room on one.
    case waiting
    /// On a connection.
    case open
    /// For the next attempt.
    case backingOff(Scheduled<Void>)
    case ended(RPCError)
  }

  let method: MethodDescriptor
  /// Final when the call is started: interceptors may change them while they hold it.
  private var options: CallOptions
  private var deadline: NIODeadline?
  private let config: MethodConfig?
  /// Nil when no interceptor has to do with the call.
  let interception: ClientCallInterception?
  /// What requests are compressed with.
  let compression: CompressionAlgorithm
  let maxRequestBytes: Int
  let maxResponseBytes: Int
  let channel: ChannelCore
  var eventLoop: any EventLoop { channel.eventLoop }
  /// Where it waits.
  var links = QueueLinks<ClientCallCore>()
  private var state = State.waiting
  private var attempt: ClientAttempt!
  private var retries = RetryState()
  private var replay = ReplayBuffer()
  private var hasStarted = false
  /// This side sends no more messages.
  private var hasFinished = false
  /// Who takes the messages.
  private(set) var receiver: InboundReceiver?
  private var deadlineTimer: Scheduled<Void>?
  /// Only of a call whose user can wait for room.
  private var writers: RoomWaiters?
  private let initial: EventLoopPromise<Metadata>
  private let status: EventLoopPromise<RPCError>

  init(
    method: MethodDescriptor, options: CallOptions, interception: ClientCallInterception?,
    channel: ChannelCore
  ) {
    config = channel.configuration.serviceConfig.config(for: method)
    self.method = method
    self.options = options
    self.channel = channel
    self.interception = interception
    compression = options.compression ?? channel.configuration.compression
    maxRequestBytes = config?.maxRequestMessageBytes ?? .max
    maxResponseBytes = min(
      channel.configuration.maxMessageBytes, config?.maxResponseMessageBytes ?? .max)
    deadline = Self.deadline(options.timeout, config?.timeout, from: .now())
    initial = channel.eventLoop.makePromise()
    status = channel.eventLoop.makePromise()
    attempt = ClientAttempt(of: self, maxResponseBytes: maxResponseBytes)
  }

  /// The shorter time counts.
  private static func deadline(
    _ own: Duration?, _ general: Duration?, from start: @autoclosure () -> NIODeadline
  ) -> NIODeadline? {
    guard let timeout = own ?? general else { return nil }
    return start() + min(TimeAmount(min(timeout, general ?? timeout)), longestTimeout)
  }

  /// What is longer has no end: deadlines are counted in 64 bits of nanoseconds.
  private static let longestTimeout = TimeAmount.hours(24 * 365 * 100)

  /// The response's head; fails with the status when the call ends without one.
  var initialMetadata: EventLoopFuture<Metadata> { initial.futureResult }
  /// How the call ended. Does not fail.
  var endStatus: EventLoopFuture<RPCError> { status.futureResult }
  /// Whether it waits for a connection however long that takes.
  var waitForReady: Bool { options.waitForReady ?? config?.waitForReady ?? false }
  var hasEnded: Bool { if case .ended = state { true } else { false } }

  // MARK: The beginning

  /// Names who takes the messages, and starts the clock.
  ///
  /// - Parameter writers: The tasks that wait for room, when there can be any.
  func begin(_ receiver: InboundReceiver, writers: RoomWaiters? = nil) {
    if case .ended(let status) = state { return receiver.closed(status) }
    self.receiver = receiver
    self.writers = writers
    receiver.creditor = self
    scheduleDeadline()
  }

  /// Takes what the interceptors that held the call have made of its options.
  func prepared(with options: CallOptions) {
    let timeout = self.options.timeout
    self.options = options
    guard !hasEnded, options.timeout != timeout, let interception else { return }
    deadlineTimer?.cancel()
    deadline = Self.deadline(options.timeout, config?.timeout, from: interception.start)
    scheduleDeadline()
  }

  private func scheduleDeadline() {
    guard let deadline else { return }
    deadlineTimer = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in
      self?.end(RPCError(code: .deadlineExceeded, message: "The call's deadline has passed."))
    }
  }

  /// Goes to the channel, which finds a connection for it.
  func start() {
    guard !hasEnded else { return }
    do {
      try options.metadata.validate()
    } catch {
      return end(error)
    }
    hasStarted = true
    channel.start(self)
  }

  /// Opens a stream.
  func begin(on connection: ClientConnection) {
    guard case .waiting = state else { return }
    let headers = RequestHeaders(
      method: method, metadata: options.metadata, deadline: deadline, compression: compression,
      userAgent: channel.configuration.userAgent, previousAttempts: retries.previousAttempts)
    let list = headers.list(scheme: connection.scheme, authority: connection.address.authority)
    state = .open
    guard attempt.start(on: connection, list) else {
      // Its numbers are used up, or it is going: a new one is needed.
      state = .waiting
      connection.drain()
      return channel.place(self)
    }
    interception?.started(on: connection.http2.remoteAddress)
  }

  // MARK: Outbound

  var pendingBytes: Int { attempt?.pendingBytes ?? 0 }

  /// Does nothing when the call has ended.
  func send(_ message: some RPCMessage, compress: Bool) throws {
    guard !hasFinished, !hasEnded else { return }
    let compression = compress ? compression : .identity
    // What may have to be sent again is kept as it was encoded.
    guard retries.isCommitted, maxRequestBytes == .max, compression == .identity else {
      return send(framed: try FramedMessage(message, compression: compression))
    }
    let size = try attempt.send(message)
    interception?.sent(MessageSize(wireBytes: size, messageBytes: size))
  }

  /// Does nothing when the call has ended.
  func send(framed message: FramedMessage) {
    guard !hasFinished, !hasEnded else { return }
    let length = message.byteCount - ByteBuffer.messagePrefixLength
    guard length <= maxRequestBytes else {
      return end(
        RPCError(
          code: .resourceExhausted,
          message: "The message has \(length) bytes; the method's requests have at most \(maxRequestBytes)."))
    }
    let bytes = message.bytes(for: compression)
    if !retries.isCommitted { remember(bytes) }
    attempt.send(framed: bytes)
    interception?.sent(message.size(for: compression))
  }

  /// Ends this side: no more messages.
  func finish() {
    guard !hasFinished, !hasEnded else { return }
    hasFinished = true
    attempt.finish()
  }

  /// What a sender finds.
  var room: RoomWaiters.Room {
    if case .ended(let error) = state { return .ended(error.code == .ok ? Self.endedError : error) }
    return attempt.isFull ? .full : .room
  }

  private static let endedError = RPCError(code: .cancelled, message: "The call has ended.")

  func becameWritable() {
    writers?.resumeAll()
    receiver?.becameWritable()
  }

  // MARK: Retries

  private func remember(_ bytes: ByteBuffer) {
    replay.append(bytes)
    channel.replayBytes += bytes.readableBytes
    if replay.byteCount > channel.configuration.perCallRetryBufferBytes
      || channel.replayBytes > channel.configuration.retryBufferBytes
    {
      commit()
    }
  }

  /// The call ends with the attempt that it has.
  private func commit() {
    guard !retries.isCommitted else { return }
    retries.commit()
    forgetReplay()
  }

  private func forgetReplay() {
    channel.replayBytes -= replay.byteCount
    replay.removeAll()
  }

  func attemptEnded(_ end: ClientAttempt.End) {
    guard !hasEnded else { return }
    let outcome: RetryState.Outcome
    let status: RPCError
    switch end {
    case .unsent: (outcome, status) = (.unsent, ChannelState.shutdownError)
    case .refused(let error): (outcome, status) = (.refused, error)
    case .status(let error):
      (outcome, status) = (.status(error.code, .init(error.metadata)), error)
    }
    let decision = retries.attemptEnded(
      outcome, policy: config?.retryPolicy, throttle: &channel.throttle, random: .random(in: -1...1))
    switch (decision, outcome) {
    case (.end, _): ended(status)
    case (.transparently, .unsent): again()
    case (.transparently, _):
      attemptAnew()
      again()
    case (.after(let delay), _):
      attemptAnew()
      let timer = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) {
        self.channel.endRest(self)
        self.again()
      }
      state = .backingOff(timer)
      channel.beginRest(self)
    }
  }

  /// Another attempt, which begins with what the last one sent.
  private func attemptAnew() {
    attempt = ClientAttempt(of: self, maxResponseBytes: maxResponseBytes)
    attempt.send(replay)
    if hasFinished { attempt.finish() }
  }

  private func again() {
    state = .waiting
    channel.place(self)
  }

  // MARK: Inbound

  func receivedInitialMetadata(_ metadata: Metadata) {
    commit()
    let metadata = addingAttempts(to: metadata)
    interception?.receivedInitialMetadata(metadata)
    initial.succeed(metadata)
  }

  /// A6 tells the caller, too, how many attempts there were before.
  private func addingAttempts(to metadata: Metadata) -> Metadata {
    guard retries.previousAttempts > 0 else { return metadata }
    var metadata = metadata
    metadata.add("\(retries.previousAttempts)", for: RequestHeaders.previousAttemptsKey)
    return metadata
  }

  func giveCredit(_ bytes: Int) { attempt?.giveCredit(bytes) }

  func inflated(_ message: MessageSize) { interception?.received(message) }

  func couldNotRead(_ error: any Error) { end(RPCError(unreadable: error)) }

  // MARK: The end

  /// Ends the call from this side.
  func end(_ error: RPCError) {
    guard !hasEnded else { return }
    attempt.abandon()
    ended(error)
  }

  func cancel() { end(RPCError(code: .cancelled, message: "The call was cancelled by its caller.")) }

  private func ended(_ status: RPCError) {
    var status = status
    if !retries.isCommitted { status.metadata = addingAttempts(to: status.metadata) }
    if case .backingOff(let timer) = state {
      timer.cancel()
      channel.endRest(self)
    }
    state = .ended(status)
    attempt = nil
    forgetReplay()
    deadlineTimer?.cancel()
    deadlineTimer = nil
    channel.leaveQueue(self)
    interception?.ended(status, now: .now())
    // A response that is trailers alone has no metadata in front.
    if status.code == .ok { initial.succeed([:]) } else { initial.fail(status) }
    self.status.succeed(status)
    let receiver = receiver
    self.receiver = nil
    receiver?.closed(status)
    writers?.resumeAll(throwing: status.code == .ok ? Self.endedError : status)
    if hasStarted { channel.callEnded() }
  }
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
