/// Has a call that is being made pass the interceptors of its channel.
///
/// `@unchecked Sendable`: one after another it belongs to the task that makes the call, to the task that prepares it, and to
/// the event loop; each hands it on and does not touch it again.
final class ClientCallPreparation: @unchecked Sendable {
  /// What comes next for the call.
  enum Step {
    /// It is sent.
    case send
    /// It waits for this; then ``advance()`` says what comes next.
    case hold(ClientInterception.Preparation)
  }

  /// How the call is made, as far as the interceptors have decided it.
  var context: ClientContext
  private var interceptors: ArraySlice<any ClientInterceptor>
  private var observers: [any ClientCallObserver] = []

  init(_ interceptors: [any ClientInterceptor], _ context: ClientContext) {
    self.interceptors = interceptors[...]
    self.context = context
  }

  /// Has the call pass the interceptors, up to the first that holds it.
  ///
  /// - Throws: what an interceptor refuses the call with.
  func advance() throws -> Step {
    while let interceptor = interceptors.popFirst() {
      guard interceptor.applies(to: context.method) else { continue }
      let interception = try interceptor.intercept(&context)
      if let observer = interception.observer { observers.append(observer) }
      if let preparation = interception.preparation { return .hold(preparation) }
    }
    return .send
  }

  /// Prepares the call, from the interceptor that holds it to the last.
  func finish(from preparation: @escaping ClientInterception.Preparation) async throws {
    var held: ClientInterception.Preparation? = preparation
    while let prepare = held {
      try await prepare(&context)
      switch try advance() {
      case .send: held = nil
      case .hold(let next): held = next
      }
    }
  }

  /// Those who came to watch since this was asked last.
  func takeObservers() -> [any ClientCallObserver] {
    defer { observers = [] }
    return observers
  }
}
