import Logging
import NIOCore
import NgRPC

/// Logs one line for each call when it ends, at a server or at a channel.
///
/// ```swift
/// RPCServer(services: services, interceptors: [LoggingInterceptor(logger: logger)], logger: logger)
/// ```
///
/// The line has the method, the peer, the status, the duration in milliseconds, how many messages went each way with how many
/// bytes, and the id of the trace or the request when the client has sent one. Neither messages nor metadata are logged, since
/// they hold secrets. What the peer has chosen is cut to 128 characters and freed of control characters.
public struct LoggingInterceptor: ServerInterceptor, ClientInterceptor {
  private let logger: Logger
  private let startLevel: Logger.Level?
  private let requestIDKey: String
  private let level: @Sendable (StatusCode) -> Logger.Level

  /// - Parameters:
  ///   - startLevel: the level of a further line when a call begins; nil, the default, for none.
  ///   - requestIDKey: the metadata key of the client's name for its request, used when there is no trace context.
  ///   - level: the level of the line for a status.
  public init(
    logger: Logger, startLevel: Logger.Level? = nil, requestIDKey: String = "x-request-id",
    level: @escaping @Sendable (StatusCode) -> Logger.Level = LoggingInterceptor.defaultLevel
  ) {
    self.logger = logger
    self.startLevel = startLevel
    self.requestIDKey = requestIDKey
    self.level = level
  }

  /// What went well is `info`, what the client or its user did wrong `notice`, what the server or the way to it failed at
  /// `error`.
  public static let defaultLevel: @Sendable (StatusCode) -> Logger.Level = { code in
    switch code {
    case .ok: .info
    case _ where code.isServerFault: .error
    default: .notice
    }
  }

  public func intercept(_ call: inout ServerContext) -> ServerInterception {
    let line = line(call.method, call.metadata, peer: call.peer)
    line.begin("a call has come", at: startLevel)
    return ServerInterception(observer: line)
  }

  public func intercept(_ call: inout ClientContext) -> sending ClientInterception {
    let line = line(call.method, call.options.metadata, peer: nil)
    line.begin("a call is made", at: startLevel)
    return ClientInterception(observer: line)
  }

  private func line(_ method: MethodDescriptor, _ metadata: Metadata, peer: SocketAddress?) -> CallLogLine {
    CallLogLine(
      logger: logger, level: level, method: method, peer: peer,
      requestID: RequestID(in: metadata, key: requestIDKey))
  }
}
