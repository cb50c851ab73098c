extension Append {
  /// The sender's number for the message, if it has one.
  public var sendID: SendID? {
    guard case .producer(let producer, let counter) = self.idempotency else { return nil }
    return SendID(producer: producer, conversation: self.conversation, counter: counter)
  }
}
