import CIMCore

extension ChatClient {
  /// Where the client stands, now and from now on: each reader begins with the current state, and ends after `closed` or `failed`.
  ///
  /// Any number of tasks can follow it, beside whoever takes `events`. It is made for showing: a reader that is slower than the
  /// connection changes gets only the newest state. Who must see each change takes `events`.
  public var states: AsyncStream<State> { self.loop.states.values() }

  /// Takes all events, and calls back with each, in order and one at a time, until the client has ended or the task is cancelled:
  /// `events` for a program that would rather be called.
  ///
  /// The next event is taken when the callback has returned, so a slow one slows down what is received, and nothing else waits in
  /// memory for it. All are called where this is called from: on the main actor, if that is there.
  ///
  /// Post from a callback, with `post(_:to:properties:level:)`; do not await a send in it. Its answer comes over the same connection
  /// as the messages, and when `Limits.unreadMessages` of them wait for the callback, neither goes on.
  ///
  /// - Parameters:
  ///   - onMessage: Somebody said something.
  ///   - onState: The connection changed. A move to another server without a loss comes as `Event.moved`.
  ///   - onOther: Anything else: answers to posts, memberships, resets, kicks, moves.
  public func receive(
    onMessage: (ChatMessage) async -> Void,
    onState: (State) async -> Void = { _ in },
    onOther: (Event) async -> Void = { _ in }
  ) async {
    for await event in self.events {
      switch event {
      case .message(let message): await onMessage(message)
      case .state(let state): await onState(state)
      default: await onOther(event)
      }
    }
  }
}
