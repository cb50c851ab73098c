/// Steps into the calls of a server, whatever their kind: refuses one, holds it until it may go on, leaves values for its
/// handler, adds to its metadata, watches it to its end.
///
/// Interceptors are nested in the order in which they are listed; the first is the outermost. For each call
/// ``intercept(_:)`` is called from the outermost inwards, and an inner one only when all before it have let the call in.
/// What comes in passes from the outermost inwards, what goes out from the innermost outwards.
///
/// A call to a method that the server does not have passes through the interceptors, too, and then ends with UNIMPLEMENTED:
/// see ``ServerContext/isRegistered``. A request that is not gRPC does not.
public protocol ServerInterceptor: RPCInterceptor {
  /// A call has come; no handler was made and no message was read. On the call's event loop: it must not block.
  ///
  /// - Parameter call: what the client has sent in front of its messages. Values set here reach those within and the handler.
  /// - Returns: what the interceptor has to do with this call. Its per-call state is whatever the observer and the
  ///   closures hold.
  /// - Throws: an ``RPCError`` to refuse the call with that status; anything else refuses it with UNKNOWN.
  func intercept(_ call: inout ServerContext) throws -> ServerInterception
}

/// What a ``ServerInterceptor`` has to do with one call. Each part is optional and costs nothing when it is nil.
public struct ServerInterception {
  /// Lets a call in that was held. Runs in a task of its own, on the call's event loop as its preferred executor.
  public typealias Admission = @Sendable (_ call: inout ServerContext) async throws -> Void
  /// Runs around an `async` handler; calls `next` once, or throws.
  public typealias Advice = @Sendable (_ next: @Sendable () async throws -> Void) async throws -> Void

  /// Watches the call to its end.
  public var observer: (any ServerCallObserver)?

  /// Holds the call: it goes on to the interceptors within, and then to its handler, when this has returned. An error ends
  /// the call with its status.
  ///
  /// Meanwhile the client's messages are kept as they came, undecoded, and fill the stream's window. When the call ends
  /// while it is held (its deadline passes, the client cancels or is gone), the task is cancelled and its outcome ignored.
  public var admission: Admission?

  /// Runs in the handler's task, around the handler: what it puts into task-locals is there for the handler. A handler
  /// below `async` has no task, and this is not run for it.
  public var advice: Advice?

  public init(
    observer: (any ServerCallObserver)? = nil, admission: Admission? = nil, advice: Advice? = nil
  ) {
    self.observer = observer
    self.admission = admission
    self.advice = advice
  }

  /// Lets the call pass, and has no more to do with it.
  public static var pass: ServerInterception { ServerInterception() }
}
