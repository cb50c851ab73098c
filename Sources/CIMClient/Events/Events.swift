extension ChatClient {
  /// What happens to a client, as it happens. It ends after a final state (`closed` or `failed`).
  ///
  /// Each event goes to one consumer: iterate in one place at a time. Events wait until they are taken; see
  /// `Limits.unreadMessages` for how many.
  public struct Events: AsyncSequence, Sendable {
    public typealias Element = Event
    public typealias Failure = Never

    let queue: EventQueue

    public func makeAsyncIterator() -> Iterator { Iterator(queue: self.queue) }

    /// Takes one event after the other.
    public struct Iterator: AsyncIteratorProtocol {
      let queue: EventQueue

      /// The next event; `nil` at the end, and when the task is cancelled.
      public func next() async -> Event? { await self.queue.next() }

      public func next(isolation actor: isolated (any Actor)?) async -> Event? { await self.queue.next() }
    }
  }
}
