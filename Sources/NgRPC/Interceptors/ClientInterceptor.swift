/// Steps into the calls of a channel, whatever their kind: changes how one is made, prepares it, watches it to its end.
///
/// Interceptors are nested in the order in which they are listed; the first is the outermost. For each call
/// ``intercept(_:)`` is called from the outermost inwards, in the task that makes the call: its task-locals are there. A
/// call that is retried passes once.
public protocol ClientInterceptor: RPCInterceptor {
  /// A call is made; nothing was sent. In the task that makes it: it must not block.
  ///
  /// - Parameter call: how it is made. What is changed here is seen by those within and travels.
  /// - Returns: what the interceptor has to do with this call. Its per-call state is whatever the observer and the
  ///   closure hold.
  /// - Throws: an ``RPCError`` to end the call with that status without sending it; anything else ends it with UNKNOWN.
  func intercept(_ call: inout ClientContext) throws -> sending ClientInterception
}

/// What a ``ClientInterceptor`` has to do with one call. Each part is optional and costs nothing when it is nil.
public struct ClientInterception {
  /// Prepares a call that is held until then.
  public typealias Preparation = @Sendable (_ call: inout ClientContext) async throws -> Void

  /// Watches the call to its end.
  public var observer: (any ClientCallObserver)?

  /// Holds the call: it goes on to the interceptors within, and is then sent, when this has returned. An error ends the call
  /// with its status. Runs in a task with the task-locals of the one that makes the call.
  ///
  /// What the caller sends meanwhile waits, as it does for a connection. When the call ends while it is held (its deadline
  /// passes, it is cancelled), the task is cancelled and its outcome ignored.
  public var preparation: Preparation?

  public init(observer: (any ClientCallObserver)? = nil, preparation: Preparation? = nil) {
    self.observer = observer
    self.preparation = preparation
  }

  /// Lets the call pass, and has no more to do with it.
  public static var pass: ClientInterception { ClientInterception() }
}

/// What is known of a call that is being made.
public struct ClientContext: Sendable {
  /// The method that is called.
  public let method: MethodDescriptor
  /// How the call is made: its time, its metadata.
  public var options: CallOptions
  /// Whether what is sent is encrypted on its way. Secrets must not travel otherwise.
  public let isEncrypted: Bool

  private var values = ContextValues()

  init(method: MethodDescriptor, options: CallOptions, isEncrypted: Bool) {
    self.method = method
    self.options = options
    self.isEncrypted = isEncrypted
  }

  /// What the interceptors around have left under `key`.
  public subscript<Key: ContextKey>(key: Key.Type) -> Key.Value? {
    get { values[key] }
    set { values[key] = newValue }
  }
}
