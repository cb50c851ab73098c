import Logging
import NIOCore
import NgRPC

/// Gathers what the line of one call says, and logs it when the call ends.
final class CallLogLine: ServerCallObserver, ClientCallObserver {
  private let logger: Logger
  private let level: @Sendable (StatusCode) -> Logger.Level
  private let method: MethodDescriptor
  private var peer: SocketAddress?
  private let requestID: RequestID?
  private var received = (messages: 0, bytes: 0)
  private var sent = (messages: 0, bytes: 0)

  init(
    logger: Logger, level: @escaping @Sendable (StatusCode) -> Logger.Level, method: MethodDescriptor,
    peer: SocketAddress?, requestID: RequestID?
  ) {
    self.logger = logger
    self.level = level
    self.method = method
    self.peer = peer
    self.requestID = requestID
  }

  func begin(_ message: Logger.Message, at level: Logger.Level?) {
    guard let level, logger.logLevel <= level else { return }
    logger.log(level: level, message, metadata: names)
  }

  func started(on peer: SocketAddress?) { self.peer = peer }

  func received(_ message: MessageSize) {
    received.messages += 1
    received.bytes += message.wireBytes
  }

  func sent(_ message: MessageSize) {
    sent.messages += 1
    sent.bytes += message.wireBytes
  }

  func ended(_ status: RPCError, after duration: Duration) {
    let level = level(status.code)
    guard logger.logLevel <= level else { return }
    var metadata = names
    metadata["status"] = "\(status.code)"
    metadata["milliseconds"] = "\(duration.inThousandths)"
    metadata["received"] = "\(received.messages)"
    metadata["receivedBytes"] = "\(received.bytes)"
    metadata["sent"] = "\(sent.messages)"
    metadata["sentBytes"] = "\(sent.bytes)"
    if !status.message.isEmpty { metadata["reason"] = "\(loggable(status.message))" }
    if let cause = status.cause { metadata["cause"] = "\(cause)" }
    logger.log(level: level, "a call has ended", metadata: metadata)
  }

  private var names: Logger.Metadata {
    var metadata: Logger.Metadata = ["method": "\(loggable(method.path))"]
    if let peer { metadata["peer"] = "\(peer)" }
    if let requestID { metadata[requestID.name] = "\(requestID.value)" }
    return metadata
  }
}

extension Duration {
  /// In milliseconds, to the microsecond.
  fileprivate var inThousandths: Double {
    let microseconds = components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
    return Double(microseconds) / 1000
  }
}
