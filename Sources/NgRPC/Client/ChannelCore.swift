import DequeModule
import Logging
import NIOCore
import NIOPosix
import NIOSSL

/// The part of a channel that lives on its event loop: carries out what ``ChannelState`` decides.
///
/// `@unchecked Sendable`: all state is touched on `eventLoop` only; ``RPCChannel`` hops there.
final class ChannelCore: ClientConnection.Owner, @unchecked Sendable {
  let eventLoop: any EventLoop
  private let targets: [Endpoint]
  private let configuration: RPCChannel.Configuration
  private let certificates: TLSContextSource?
  private let logger: Logger
  private var state: ChannelState
  private var waiting = Deque<ClientCallCore>()
  /// The one that calls are made on.
  private var connection: ClientConnection?
  /// Those that only finish what they have.
  private var draining: [ObjectIdentifier: ClientConnection] = [:]
  /// An attempt: the connection is there, its settings have not come.
  private var attempt: (connection: ClientConnection, timer: Scheduled<Void>, further: ArraySlice<Endpoint>)?
  private var retryTimer: Scheduled<Void>?
  private var observers: [Int: AsyncStream<ConnectivityState>.Continuation] = [:]
  private var observerCount = 0
  private var allClosed: [CheckedContinuation<Void, Never>] = []

  init(
    targets: [Endpoint], configuration: RPCChannel.Configuration, eventLoop: any EventLoop, logger: Logger
  ) {
    self.targets = targets
    self.configuration = configuration
    self.eventLoop = eventLoop
    self.logger = logger
    certificates = configuration.tls.map { TLSContextSource($0.settings, logger: logger) }
    state = ChannelState(backoff: configuration.backoff)
  }

  // MARK: Calls

  func start(_ call: ClientCallCore) {
    switch state.call(waitForReady: call.options.waitForReady) {
    case .start:
      guard let connection else { return call.end(ChannelState.shutdownError, nil) }
      call.start(on: connection)
    case .wait: waiting.append(call)
    case .connectAndWait:
      waiting.append(call)
      connect()
    case .fail(let error): call.end(error, nil)
    }
  }

  private func failWaitingCalls(_ error: RPCError, keepingPatient: Bool) {
    let calls = waiting
    waiting = []
    for call in calls {
      if keepingPatient, call.options.waitForReady, !call.hasEnded {
        waiting.append(call)
      } else {
        call.end(error, nil)
      }
    }
  }

  // MARK: Connecting

  private func connect() {
    report()
    connect(to: targets[...], lastError: nil)
  }

  /// Tries the targets in order; each is a name whose addresses are tried in the order that the resolver gives.
  private func connect(to targets: ArraySlice<Endpoint>, lastError: (any Error)?) {
    guard let target = targets.first else {
      let names = self.targets.map(\.description).joined(separator: ", ")
      return attemptFailed(
        RPCError(
          code: .unavailable,
          message: "Can't connect to \(names): \(lastError.map(plainReason) ?? "no target").",
          cause: lastError))
    }
    guard let certificates else { return dial(target, tls: nil, further: targets.dropFirst()) }
    certificates.forNewConnection(on: eventLoop).assumeIsolated().whenComplete { result in
      switch result {
      case .failure(let error): self.connect(to: targets.dropFirst(), lastError: error)
      case .success(let tls): self.dial(target, tls: tls, further: targets.dropFirst())
      }
    }
  }

  private func dial(_ target: Endpoint, tls: NIOSSLContext?, further: ArraySlice<Endpoint>) {
    let connection = ClientConnection(authority: target.description, isSecure: tls != nil, owner: self)
    let bound = NIOLoopBound(connection, eventLoop: eventLoop)
    let limits = configuration.limits
    let host = configuration.tls?.serverName ?? target.host
    ClientBootstrap(group: eventLoop)
      .connectTimeout(configuration.connectTimeout)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if let tls {
            try channel.pipeline.syncOperations.addClientTLS(tls, host: host)
          } else {
            try channel.pipeline.syncOperations.addHandler(PlaintextReply())
          }
          try bound.value.add(to: channel, limits: limits)
        }
      }
      .connect(host: target.host, port: target.port)
      .hop(to: eventLoop).assumeIsolated()
      .whenComplete { result in
        switch result {
        case .failure(let error): self.connect(to: further, lastError: error)
        case .success: self.awaitSettings(bound.value, further: further)
        }
      }
  }

  private func awaitSettings(_ connection: ClientConnection, further: ArraySlice<Endpoint>) {
    guard state.connectivity == .connecting else { return connection.http2.close() }
    let timer = eventLoop.assumeIsolated().scheduleTask(in: configuration.connectTimeout) {
      connection.http2.close()
    }
    attempt = (connection, timer, further)
    if connection.isReady { connectionReady(connection) }
    if !connection.http2.isActive { connectionClosed(connection, nil) }
  }

  func connectionReady(_ connection: ClientConnection) {
    guard let attempt, attempt.connection === connection else { return }
    attempt.timer.cancel()
    self.attempt = nil
    guard state.connected() else { return connection.http2.close() }
    self.connection = connection
    report()
    let calls = waiting
    waiting = []
    for call in calls where !call.hasEnded { call.start(on: connection) }
  }

  func connectionDraining(_ connection: ClientConnection) {
    draining[ObjectIdentifier(connection)] = connection
    leave(connection)
  }

  func connectionClosed(_ connection: ClientConnection, _ reason: RPCError?) {
    draining[ObjectIdentifier(connection)] = nil
    if let attempt, attempt.connection === connection {
      attempt.timer.cancel()
      self.attempt = nil
      attemptFailed(
        RPCError(
          code: .unavailable,
          message:
            "The connection to \(connection.authority) ended before it was usable\(reason.map { ": \($0.message)" } ?? ".")",
          cause: reason))
    }
    leave(connection)
    resumeIfClosed()
  }

  private func leave(_ connection: ClientConnection) {
    guard self.connection === connection else { return }
    self.connection = nil
    if state.disconnected(hasWaitingCalls: !waiting.isEmpty) { connect() } else { report() }
  }

  private func attemptFailed(_ error: RPCError) {
    guard let delay = state.connectFailed(error, random: .random(in: -1...1)) else { return }
    logger.debug("no connection", metadata: ["error": "\(error)", "retryIn": "\(delay)"])
    report()
    failWaitingCalls(error, keepingPatient: true)
    retryTimer = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) {
      if self.state.retry() { self.connect() }
    }
  }

  // MARK: Observation and shutdown

  private func report() {
    for observer in observers.values { observer.yield(state.connectivity) }
  }

  func observe(_ continuation: AsyncStream<ConnectivityState>.Continuation) {
    guard state.connectivity != .shutdown else {
      continuation.yield(.shutdown)
      return continuation.finish()
    }
    let id = observerCount
    observerCount += 1
    observers[id] = continuation
    continuation.onTermination = { _ in self.eventLoop.execute { self.observers[id] = nil } }
    continuation.yield(state.connectivity)
  }

  /// No new calls; the open ones go on for up to `grace`, then they are cut.
  func shutdown(within grace: TimeAmount, _ done: CheckedContinuation<Void, Never>) {
    state.shutdown()
    retryTimer?.cancel()
    failWaitingCalls(ChannelState.shutdownError, keepingPatient: false)
    report()
    for observer in observers.values { observer.finish() }
    allClosed.append(done)
    attempt?.connection.http2.close()
    connection?.drain()
    _ = eventLoop.assumeIsolated().scheduleTask(in: grace) {
      for connection in self.draining.values { connection.http2.close() }
    }
    resumeIfClosed()
  }

  private func resumeIfClosed() {
    guard state.connectivity == .shutdown, connection == nil, attempt == nil, draining.isEmpty else { return }
    let waiting = allClosed
    allClosed = []
    for done in waiting { done.resume() }
  }
}
