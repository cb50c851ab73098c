import Logging
import NIOCore

/// Tells the log of a connection's fate: changes always, repeated failures now and then.
struct ConnectionReporter {
  /// How long a failure that goes on is not mentioned again.
  private static let repeatInterval = TimeAmount.seconds(10)

  private let address: RedisAddress
  private let logger: Logger
  private var nextFailureReport: NIODeadline?

  init(address: RedisAddress, logger: Logger) {
    self.address = address
    self.logger = logger
  }

  mutating func report<Request>(_ event: ConnectionStateMachine<Request>.Event, now: NIODeadline) {
    switch event {
    case .ready:
      nextFailureReport = nil
      logger.info("connected to Redis", metadata: ["redis": "\(address)"])
    case .lost(let error, let wait):
      nextFailureReport = now + Self.repeatInterval
      warn("lost the connection to Redis; commands fail until it is back", error, wait: wait)
    case .connectFailed(let error, let failures, let wait):
      if let nextFailureReport, now < nextFailureReport { return }
      nextFailureReport = now + Self.repeatInterval
      warn(
        "cannot connect to Redis, and keep trying; start it, or correct its address", error, wait: wait,
        ["failures": "\(failures)"])
    case .stopped:
      logger.debug("disconnected from Redis", metadata: ["redis": "\(address)"])
    }
  }

  private func warn(
    _ message: Logger.Message, _ error: RedisError, wait: TimeAmount, _ metadata: Logger.Metadata = [:]
  ) {
    let common: Logger.Metadata = [
      "redis": "\(address)", "reason": "\(error.message)", "retry_in_ms": "\(wait.nanoseconds / 1_000_000)",
    ]
    logger.warning(message, metadata: common.merging(metadata) { $1 })
  }
}
