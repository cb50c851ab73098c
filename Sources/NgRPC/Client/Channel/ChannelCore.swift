import Logging
import NIOCore

/// The part of a channel that lives on its event loop: carries out what ``ChannelState`` decides.
///
/// `@unchecked Sendable`: all state is touched on `eventLoop` only; ``RPCChannel`` hops there.
final class ChannelCore: @unchecked Sendable {
  let eventLoop: any EventLoop
  /// The event loop's.
  let buffers: EventLoopBuffers
  let configuration: RPCChannel.Configuration
  let logger: Logger
  private let connector: Connector
  private let resolution: NameResolution
  private var keepaliveInterval: TimeAmount?
  private var state: ChannelState
  private var actions: [ChannelState.Action] = []
  private var isPerforming = false
  private var subchannels: [ServerAddress: Subchannel] = [:]
  private var attemptDelay: Scheduled<Void>?
  /// All that are not closed: attempts, those in use, and those that only finish what they have.
  private var connections: [ObjectIdentifier: ClientConnection] = [:]
  private var picker = Picker<ClientConnection>()
  /// The calls that wait for a connection, or for room on one.
  private var queue = LinkedQueue<ClientCallCore>()
  /// The calls that wait for the time of their next attempt.
  private var resting = LinkedQueue<ClientCallCore>()
  private var idleness: ChannelIdleness
  private var idleTimer: Scheduled<Void>?
  /// Of calls that could still be sent again.
  var replayBytes = 0
  var throttle: RetryThrottle?
  private var reported = ConnectivityState.idle
  private var observers: [Int: AsyncStream<ConnectivityState>.Continuation] = [:]
  private var observerCount = 0
  private var allClosed: [CheckedContinuation<Void, Never>] = []
  private var cut: (time: NIODeadline, timer: Scheduled<Void>)?

  init(
    _ source: NameResolution.Source, configuration: RPCChannel.Configuration, eventLoop: any EventLoop,
    logger: Logger
  ) {
    self.configuration = configuration
    self.eventLoop = eventLoop
    buffers = EventLoopExecutor.of(eventLoop).buffers
    self.logger = logger
    connector = Connector(configuration: configuration, eventLoop: eventLoop, logger: logger)
    resolution = NameResolution(
      source, authority: configuration.authority, minInterval: configuration.minResolutionInterval,
      backoff: configuration.backoff, lookUp: configuration.lookUp, eventLoop: eventLoop)
    keepaliveInterval = configuration.keepalive?.effectiveInterval
    idleness = ChannelIdleness(timeout: configuration.idleTimeout)
    throttle = configuration.serviceConfig.retryThrottling.map(RetryThrottle.init)
    state = ChannelState(configuration.loadBalancing)
  }

  // MARK: Calls

  /// A new call.
  func start(_ call: ClientCallCore) {
    idleness.callStarted()
    place(call)
  }

  /// A call, new or to be tried again, goes to a connection, waits for one, or fails.
  func place(_ call: ClientCallCore) {
    if queue.isEmpty, let connection = picker.pick(where: \.hasRoom) { return call.begin(on: connection) }
    switch state.admit(waitForReady: call.waitForReady) {
    case .wait: queue.append(call)
    case .connectAndWait:
      queue.append(call)
      connect()
    case .fail(let error): call.end(error)
    }
  }

  /// A call that waits for a connection, or for room on one, does so no more.
  func leaveQueue(_ call: ClientCallCore) { queue.remove(call) }

  /// A call waits for the time of its next attempt.
  func beginRest(_ call: ClientCallCore) {
    guard state.connectivity != .shutdown else { return call.end(ChannelState.shutdownError) }
    resting.append(call)
  }

  func endRest(_ call: ClientCallCore) { resting.remove(call) }

  /// A call has ended.
  func callEnded() { idleness.callEnded(at: .now()) }

  func placeQueuedCalls() {
    while !queue.isEmpty, let connection = picker.pick(where: \.hasRoom), let call = queue.popFirst() {
      call.begin(on: connection)
    }
  }

  private func failQueuedCalls(_ error: RPCError, keepingPatient: Bool) {
    for call in queue.removeAll() {
      if keepingPatient, call.waitForReady { queue.append(call) } else { call.end(error) }
    }
  }

  // MARK: Connections

  /// Connects when no connection is there or on its way.
  func connect() {
    perform(state.connect())
    if idleTimer == nil {
      idleness.begin(at: .now())
      scheduleIdleCheck()
    }
  }

  func makeConnection(to address: ServerAddress, owner: any ClientConnection.Owner) -> ClientConnection {
    let keepalive = keepaliveInterval.map { interval in
      ClientKeepalive(
        interval: interval, timeout: configuration.keepalive?.timeout ?? .seconds(20),
        permitWithoutCalls: configuration.keepalive?.permitWithoutCalls ?? false)
    }
    let connection = connector.makeConnection(to: address, keepalive: keepalive, owner: owner)
    connections[ObjectIdentifier(connection)] = connection
    return connection
  }

  func open(_ connection: ClientConnection) { connector.open(connection) }

  /// A connection is over.
  func forget(_ connection: ClientConnection) {
    connections[ObjectIdentifier(connection)] = nil
    resumeIfClosed()
  }

  /// A server finds that it is pinged too often: A8.
  func doubleKeepaliveInterval() {
    guard let interval = keepaliveInterval else { return }
    keepaliveInterval = interval * 2
    logger.warning(
      "a server gets too many keepalive pings; the interval is doubled",
      metadata: ["interval": "\(Duration(interval * 2))"])
  }

  func subchannel(_ subchannel: Subchannel, became event: SubchannelEvent) {
    guard subchannels[subchannel.address] === subchannel else { return }
    perform(state.subchannel(subchannel.address, became: event, isInUse: idleness.hasCalls))
  }

  /// Carries out what was decided. What that makes be decided comes after it.
  private func perform(_ more: [ChannelState.Action]) {
    actions += more
    guard !isPerforming else { return }
    isPerforming = true
    var index = 0
    while index < actions.count {
      perform(actions[index])
      index += 1
    }
    actions.removeAll()
    isPerforming = false
    stateMayHaveChanged()
  }

  private func perform(_ action: ChannelState.Action) {
    switch action {
    case .startResolving:
      resolution.start { [weak self] result in self?.resolved(result) }
    case .stopResolving: resolution.stop()
    case .balance(.create(let address)):
      let subchannel = Subchannel(address, of: self)
      subchannels[address] = subchannel
      subchannel.connect()
    case .balance(.connect(let address)): subchannels[address]?.connect()
    case .balance(.remove(let address)): subchannels.removeValue(forKey: address)?.shutdown()
    case .balance(.startAttemptDelay):
      attemptDelay?.cancel()
      attemptDelay = eventLoop.assumeIsolated().scheduleTask(in: configuration.attemptDelay) {
        self.perform(self.state.attemptDelayElapsed())
      }
    case .balance(.cancelAttemptDelay):
      attemptDelay?.cancel()
      attemptDelay = nil
    case .balance(.resolveAgain): resolution.refresh()
    }
  }

  private func resolved(_ result: Result<[ServerAddress], RPCError>) {
    switch result {
    case .success(let addresses): perform(state.resolved(addresses))
    case .failure(let error):
      logger.debug("no addresses", metadata: ["error": "\(error)"])
      state.resolverFailed(error)
      stateMayHaveChanged()
    }
  }

  private func stateMayHaveChanged() {
    let ready = state.readyAddresses.compactMap { subchannels[$0]?.connection }
    picker = Picker(ready, start: ready.count > 1 ? .random(in: 0..<ready.count) : 0)
    report()
    placeQueuedCalls()
    switch state.connectivity {
    case .transientFailure:
      failQueuedCalls(state.failure ?? ChannelState.shutdownError, keepingPatient: true)
    case .idle where !queue.isEmpty: connect()
    case .idle, .connecting, .ready, .shutdown: break
    }
  }

  // MARK: Idleness

  private func scheduleIdleCheck() {
    guard let time = idleness.checkTime(from: .now()) else { return }
    idleTimer = eventLoop.assumeIsolated().scheduleTask(deadline: time) {
      self.idleTimer = nil
      if self.idleness.isIdle(at: .now()) {
        self.perform(self.state.enterIdle())
      } else {
        self.scheduleIdleCheck()
      }
    }
  }

  // MARK: Observation and shutdown

  private func report() {
    guard state.connectivity != reported else { return }
    reported = state.connectivity
    for observer in observers.values { observer.yield(reported) }
  }

  func observe(_ continuation: AsyncStream<ConnectivityState>.Continuation) {
    continuation.yield(state.connectivity)
    guard state.connectivity != .shutdown else { return continuation.finish() }
    let id = observerCount
    observerCount += 1
    observers[id] = continuation
    continuation.onTermination = { _ in self.eventLoop.execute { self.observers[id] = nil } }
  }

  /// No new calls; the open ones go on for up to `grace`, then they are cut.
  func shutdown(within grace: TimeAmount, _ done: CheckedContinuation<Void, Never>) {
    allClosed.append(done)
    perform(state.shutdown())
    idleTimer?.cancel()
    idleTimer = nil
    failQueuedCalls(ChannelState.shutdownError, keepingPatient: false)
    while let call = resting.popFirst() { call.end(ChannelState.shutdownError) }
    let observers = observers
    self.observers = [:]
    for observer in observers.values { observer.finish() }
    cutConnections(at: .now() + grace)
    resumeIfClosed()
  }

  /// A later shutdown may be less patient than the first, never more.
  private func cutConnections(at time: NIODeadline) {
    if let cut, cut.time <= time { return }
    cut?.timer.cancel()
    let timer = eventLoop.assumeIsolated().scheduleTask(deadline: time) {
      for connection in self.connections.values { connection.close() }
    }
    cut = (time, timer)
  }

  private func resumeIfClosed() {
    guard state.connectivity == .shutdown, connections.isEmpty else { return }
    cut?.timer.cancel()
    cut = nil
    let waiting = allClosed
    allClosed = []
    for done in waiting { done.resume() }
  }
}
