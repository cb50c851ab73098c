import Logging
import NIOCore
import NIOPosix

/// Carries out what the connection's state machine decides: sockets, timers, logs. It lives on one event loop.
final class ConnectionDriver {
  private let address: RedisAddress
  private let configuration: RedisClient.Configuration
  private let eventLoop: any EventLoop
  private let readiness: Readiness
  private let replicationID: ReplicationID
  private let handshake: ByteBuffer
  private var machine: ConnectionStateMachine<PendingRequest>
  private var reporter: ConnectionReporter
  private var channel: (any Channel)?
  private var closeReason: String?
  private var timer: Scheduled<Void>?
  private var timerDeadline: NIODeadline?
  private var stopPromises: [EventLoopPromise<Void>] = []
  private var isStopped = false

  init(
    address: RedisAddress, configuration: RedisClient.Configuration, eventLoop: any EventLoop,
    readiness: Readiness, replicationID: ReplicationID, logger: Logger
  ) {
    self.address = address
    self.configuration = configuration
    self.eventLoop = eventLoop
    self.readiness = readiness
    self.replicationID = replicationID
    let handshake = Handshake(address: address, clientName: configuration.clientName)
    self.handshake = handshake.encoded
    reporter = ConnectionReporter(address: address, logger: logger)
    machine = ConnectionStateMachine(
      limits: .init(
        commandTimeout: TimeAmount(configuration.commandTimeout),
        connectionWait: TimeAmount(configuration.connectionWait),
        maximumPendingCommands: configuration.maximumPendingCommands,
        allowsReplicas: configuration.allowsReplicas),
      backoff: Backoff(configuration.backoff), handshakeCount: handshake.replyCount,
      random: { Double.random(in: -1...1) })
  }

  /// Begins to connect.
  func start() { perform(machine.start()) }

  /// Sends the requests, or keeps them until there is a connection.
  func submit(_ requests: [PendingRequest]) {
    perform(machine.submit(requests, now: .now()))
  }

  /// Ends the connection; the promise succeeds when it is closed.
  func stop(promise: EventLoopPromise<Void>?) {
    if let promise {
      if isStopped { return promise.succeed() }
      stopPromises.append(promise)
    }
    perform(machine.stop())
  }
}

// MARK: - From the channel

extension ConnectionDriver {
  /// Bytes came; the replies in them follow.
  func willReadReplies() { machine.read(now: .now()) }

  /// The next reply came.
  func received(_ reply: RedisValue) {
    switch machine.received(reply) {
    case .deliver(let request): request.receive(reply)
    case .effects(let effects): perform(effects)
    }
  }

  /// All replies of what was read were delivered.
  func didReadReplies() { perform(machine.repliesDelivered()) }

  /// What came is not the Redis protocol.
  func violated(_ error: RedisError) { perform(machine.violated(error)) }

  /// The channel broke, and will be closed for this reason.
  func willClose(because reason: String) { closeReason = reason }

  private func closed() {
    let reason = closeReason ?? "the Redis server closed the connection"
    channel = nil
    closeReason = nil
    perform(machine.closed(reason, now: .now()))
  }
}

// MARK: - Effects

extension ConnectionDriver {
  private func perform(_ effects: ConnectionStateMachine<PendingRequest>.Effects) {
    // Before anything is sent to it: whoever acts on what the server answers can know which server it is.
    if case .ready(let info) = effects.event { replicationID.observe(info) }
    readiness.isReady = machine.isReady
    switch effects.transport {
    case .connect: connect()
    case .sendHandshake: channel?.writeAndFlush(handshake, promise: nil)
    case .close: channel?.close(promise: nil)
    case nil: break
    }
    send(effects.send)
    for (requests, error) in effects.failures {
      for request in requests { request.fail(error) }
    }
    if let event = effects.event {
      reporter.report(event, now: .now())
      if case .stopped = event { finishStop() }
    }
    armTimer()
  }

  /// Writes all requests as one buffer: one system call for all of them.
  private func send(_ requests: [PendingRequest]) {
    guard let channel, let first = requests.first else { return }
    if requests.count == 1 { return channel.writeAndFlush(first.encoded, promise: nil) }
    var buffer = channel.allocator.buffer(capacity: requests.reduce(0) { $0 + $1.encoded.readableBytes })
    for request in requests {
      buffer.writeImmutableBuffer(request.encoded)
    }
    channel.writeAndFlush(buffer, promise: nil)
  }

  private func connect() {
    let loopBound = NIOLoopBound(self, eventLoop: eventLoop)
    let maximumReplyBytes = configuration.maximumReplyBytes
    ClientBootstrap(group: eventLoop)
      .connectTimeout(TimeAmount(configuration.connectTimeout))
      .channelOption(.socketOption(.so_keepalive), value: 1)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(
            ReplyHandler(driver: loopBound.value, maximumReplyBytes: maximumReplyBytes))
        }
      }
      .connect(host: address.host, port: address.port)
      .assumeIsolated()
      .whenComplete { result in
        switch result {
        case .success(let channel): self.connected(channel)
        case .failure(let error):
          self.perform(self.machine.connectFailed(ConnectFailure.describe(error), now: .now()))
        }
      }
  }

  private func connected(_ channel: any Channel) {
    self.channel = channel
    // Not channelInactive: a channel that is closed in here never gets as far as being active.
    channel.closeFuture.assumeIsolated().whenComplete { _ in self.closed() }
    perform(machine.connected(now: .now()))
  }

  /// Keeps one timer, at the machine's next deadline or earlier: commands that are answered in time move none.
  private func armTimer() {
    guard !isStopped, let deadline = machine.nextDeadline else { return }
    if let timerDeadline, timerDeadline <= deadline { return }
    timer?.cancel()
    timerDeadline = deadline
    timer = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
      self.timerDeadline = nil
      self.perform(self.machine.timeAdvanced(to: .now()))
    }
  }

  private func finishStop() {
    isStopped = true
    timer?.cancel()
    timer = nil
    for promise in stopPromises { promise.succeed() }
    stopPromises.removeAll()
  }
}

extension Backoff {
  fileprivate init(_ configuration: RedisClient.Configuration.Backoff) {
    self.init(
      initial: TimeAmount(configuration.initial), multiplier: configuration.multiplier,
      maximum: TimeAmount(configuration.maximum), jitter: configuration.jitter)
  }
}
