import Logging
import NIOCore

/// The connection, present or future, to one address. Belongs to its channel's event loop.
final class Subchannel: ClientConnection.Owner {
  let address: ServerAddress
  /// The one that takes calls.
  private(set) var connection: ClientConnection?
  private let channel: ChannelCore
  private var state: SubchannelState
  private var attempt: (connection: ClientConnection, timer: Scheduled<Void>)?
  private var backoffTimer: Scheduled<Void>?

  init(_ address: ServerAddress, of channel: ChannelCore) {
    self.address = address
    self.channel = channel
    state = SubchannelState(backoff: channel.configuration.backoff)
  }

  /// Begins to connect, when it is idle.
  func connect() {
    guard state.connect(at: .now()) else { return }
    let connection = channel.makeConnection(to: address, owner: self)
    let timeout = channel.configuration.connectTimeout
    let timer = channel.eventLoop.assumeIsolated().scheduleTask(in: timeout) {
      connection.close(
        RPCError(
          code: .unavailable, message: "no answer within \(timeout.nanoseconds / 1_000_000) ms"))
    }
    attempt = (connection, timer)
    channel.open(connection)
  }

  func connectionReady(_ connection: ClientConnection) {
    guard let attempt, attempt.connection === connection else { return }
    attempt.timer.cancel()
    self.attempt = nil
    guard state.receivedSettings() else { return connection.close() }
    self.connection = connection
    channel.subchannel(self, became: .ready)
  }

  func connectionDraining(_ connection: ClientConnection, tooManyPings: Bool) {
    if tooManyPings { channel.doubleKeepaliveInterval() }
    leave(connection, nil)
  }

  func connectionHasRoom(_ connection: ClientConnection) { channel.placeQueuedCalls() }

  func connectionClosed(_ connection: ClientConnection, _ reason: RPCError?) {
    channel.forget(connection)
    leave(connection, reason)
  }

  private func leave(_ connection: ClientConnection, _ reason: RPCError?) {
    if let attempt, attempt.connection === connection {
      attempt.timer.cancel()
      self.attempt = nil
      failed(reason)
    } else if self.connection === connection {
      self.connection = nil
      if state.disconnected() { channel.subchannel(self, became: .idle) }
    }
  }

  private func failed(_ reason: RPCError?) {
    guard let delay = state.connectFailed(at: .now(), random: .random(in: -1...1)) else { return }
    backoffTimer = channel.eventLoop.assumeIsolated().scheduleTask(in: delay) { self.backoffElapsed() }
    let why = reason?.message ?? "the connection ended before it was usable"
    let end = why.hasSuffix(".") ? "" : "."
    let error = RPCError(
      code: .unavailable, message: "Can't connect to \(address): \(why)\(end)", cause: reason?.cause)
    channel.logger.debug("no connection", metadata: ["error": "\(error)", "retryIn": "\(Duration(delay))"])
    channel.subchannel(self, became: .transientFailure(error))
  }

  private func backoffElapsed() {
    backoffTimer = nil
    if state.backoffElapsed() { channel.subchannel(self, became: .idle) }
  }

  /// Lets go: an attempt is given up, a connection ends when its calls have.
  func shutdown() {
    state.shutdown()
    backoffTimer?.cancel()
    backoffTimer = nil
    if let attempt {
      attempt.timer.cancel()
      self.attempt = nil
      attempt.connection.close()
    }
    let connection = connection
    self.connection = nil
    connection?.drain()
  }
}
