/// The sender's own number for a message: sent again under the same id, it is logged once.
public struct SendID: Hashable, Sendable {
  /// The sender's outbox.
  public let producer: ProducerID

  /// Where the message goes.
  public let conversation: Conversation

  /// Dense per producer and conversation, from 1.
  public let counter: UInt64

  /// Names a message.
  public init(producer: ProducerID, conversation: Conversation, counter: UInt64) {
    self.producer = producer
    self.conversation = conversation
    self.counter = counter
  }
}
