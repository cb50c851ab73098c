import NIOCore

/// The interceptors' side of one call at a server: how far it was let in, what is held meanwhile, and who watches.
///
/// Belongs to the call's event loop. Knows nothing of its call, which carries out what it says. A class, because what it calls
/// may come back to the call.
final class ServerCallInterception {
  private enum Phase { case admitting, admitted, ended }

  /// What comes next for the call.
  enum Step {
    /// Its handler.
    case handler
    /// It waits for this; then ``advance(_:)`` says what comes next.
    case hold(ServerInterception.Admission)
  }

  /// False for a method that the server does not have.
  let isRegistered: Bool
  /// What the interceptors have left for those within and the handler.
  var values = ContextValues()
  /// What runs around an `async` handler, outermost first.
  private(set) var advice: [ServerInterception.Advice] = []

  private let interceptors: [any ServerInterceptor]
  private let start: NIODeadline
  private var next = 0
  private var phase = Phase.admitting
  private var observers: [any ServerCallObserver] = []
  private var hasHead = false
  private var heldBytes = ByteBuffer()
  private var heldEnd = false

  init(_ interceptors: [any ServerInterceptor], isRegistered: Bool, now: NIODeadline) {
    self.interceptors = interceptors
    self.isRegistered = isRegistered
    start = now
  }

  // MARK: The way in

  /// Lets the call pass the interceptors, up to the first that holds it.
  ///
  /// - Throws: what an interceptor refuses the call with.
  func advance(_ context: inout ServerContext) throws -> Step {
    while next < interceptors.count {
      let interception = try interceptors[next].intercept(&context)
      next += 1
      values = context.values
      if let observer = interception.observer { observers.append(observer) }
      if let advice = interception.advice { self.advice.append(advice) }
      if let admission = interception.admission { return .hold(admission) }
    }
    return .handler
  }

  /// Keeps bytes that come before the call was let in.
  ///
  /// - Returns: whether they are kept.
  func hold(_ chunk: UnsafeRawBufferPointer) -> Bool {
    guard phase == .admitting else { return false }
    heldBytes.writeBytes(chunk)
    return true
  }

  /// Keeps in mind that the client has ended its side before the call was let in.
  ///
  /// - Returns: whether it is kept.
  func holdEnd() -> Bool {
    guard phase == .admitting else { return false }
    heldEnd = true
    return true
  }

  /// The call was let in.
  ///
  /// - Returns: what was kept.
  func release() -> (bytes: ByteBuffer, end: Bool) {
    guard phase == .admitting else { return (ByteBuffer(), false) }
    phase = .admitted
    defer { heldBytes = ByteBuffer() }
    return (heldBytes, heldEnd)
  }

  // MARK: On its way

  func received(_ message: MessageSize) {
    for observer in observers { observer.received(message) }
  }

  func sent(_ message: MessageSize) {
    for observer in observers.reversed() { observer.sent(message) }
  }

  /// Has the observers add to what travels in front of the messages, once.
  func addInitialMetadata(to metadata: inout Metadata) {
    guard !hasHead else { return }
    hasHead = true
    for observer in observers.reversed() { observer.sendingInitialMetadata(&metadata) }
  }

  // MARK: The end

  /// The status that travels: the handler's, and what the observers make of it.
  ///
  /// - Parameter trailing: the handler's trailing metadata.
  /// - Returns: the status with all metadata that travels behind the messages.
  func status(_ status: RPCError?, trailing: Metadata) -> RPCError {
    var status = status ?? RPCError(code: .ok, message: "")
    status.metadata.entries = trailing.entries + status.metadata.entries
    for observer in observers.reversed() { observer.sendingStatus(&status) }
    do {
      try status.metadata.validate()
      return status
    } catch {
      return error
    }
  }

  /// The call is over: tells everybody, innermost first, and lets go of all that the interceptors hold. Does nothing the
  /// second time.
  func end(_ status: RPCError, now: NIODeadline) {
    guard phase != .ended else { return }
    phase = .ended
    heldBytes = ByteBuffer()
    advice = []
    let observers = observers
    self.observers = []
    let duration = Duration.nanoseconds((now - start).nanoseconds)
    for observer in observers.reversed() { observer.ended(status, after: duration) }
  }
}
