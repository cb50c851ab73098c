/// How a call failed: a status, and what led to it.
///
/// A handler throws it to end its call with that status. A client gets it when a call did not end with OK.
public struct RPCError: Error, CustomStringConvertible {
  /// The status.
  public var code: StatusCode
  /// For people: what is wrong, and what to do. Travels as `grpc-message`.
  public var message: String
  /// Trailing metadata.
  public var metadata: Metadata
  /// What led to it on this side; does not travel.
  public var cause: (any Error)?

  public init(code: StatusCode, message: String, metadata: Metadata = [:], cause: (any Error)? = nil) {
    self.code = code
    self.message = message
    self.metadata = metadata
    self.cause = cause
  }

  public var description: String {
    let text = message.isEmpty ? code.description : "\(code): \(message)"
    return cause.map { "\(text) (\($0))" } ?? text
  }
}

extension RPCError {
  /// The status that a handler's error ends its call with: an `RPCError` as it is, a cancellation as CANCELLED, anything
  /// else as UNKNOWN, because what the handler meant is not known.
  init(thrownByHandler error: any Error) {
    switch error {
    case let error as RPCError: self = error
    case is CancellationError: self.init(code: .cancelled, message: "The handler was cancelled.")
    default: self.init(code: .unknown, message: "The handler failed.", cause: error)
    }
  }

  /// The status of a call one of whose messages can't be read.
  init(unreadable error: any Error) {
    self =
      error as? RPCError
      ?? RPCError(code: .internalError, message: "A message can't be read: \(error).", cause: error)
  }

  /// The status that an interceptor's error ends a call with, by the same rules.
  init(thrownByInterceptor error: any Error) {
    switch error {
    case let error as RPCError: self = error
    case is CancellationError: self.init(code: .cancelled, message: "An interceptor was cancelled.")
    default: self.init(code: .unknown, message: "An interceptor failed.", cause: error)
    }
  }
}
