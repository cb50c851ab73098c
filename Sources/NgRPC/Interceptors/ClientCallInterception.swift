import NIOCore

/// The interceptors' side of one call at a client: who watches, and what prepares it.
///
/// Belongs to the call's event loop, from when the call is begun.
final class ClientCallInterception {
  /// When the call was made.
  let start: NIODeadline
  private var observers: [any ClientCallObserver]
  private var preparation: Task<Void, Never>?
  private var end: (status: RPCError, duration: Duration)?

  init(_ observers: [any ClientCallObserver], now: NIODeadline) {
    self.observers = observers
    start = now
  }

  /// Names the task that holds the call: its end cancels it.
  func hold(for preparation: Task<Void, Never>) {
    if end == nil { self.preparation = preparation } else { preparation.cancel() }
  }

  /// Takes those who came to watch while the call was held. When it has ended meanwhile, they learn it at once.
  func add(_ observers: [any ClientCallObserver]) {
    preparation = nil
    if let end {
      for observer in observers.reversed() { observer.ended(end.status, after: end.duration) }
    } else {
      self.observers += observers
    }
  }

  func started(on peer: SocketAddress?) {
    for observer in observers { observer.started(on: peer) }
  }

  func sent(_ message: MessageSize) {
    for observer in observers { observer.sent(message) }
  }

  func receivedInitialMetadata(_ metadata: Metadata) {
    for observer in observers.reversed() { observer.receivedInitialMetadata(metadata) }
  }

  func received(_ message: MessageSize) {
    for observer in observers.reversed() { observer.received(message) }
  }

  /// The call is over: tells everybody, innermost first. Does nothing the second time.
  func ended(_ status: RPCError, now: NIODeadline) {
    guard end == nil else { return }
    let duration = Duration.nanoseconds((now - start).nanoseconds)
    end = (status, duration)
    preparation?.cancel()
    preparation = nil
    let observers = observers
    self.observers = []
    for observer in observers.reversed() { observer.ended(status, after: duration) }
  }
}
