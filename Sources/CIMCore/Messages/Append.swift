import NIOCore

/// A message to be appended to a conversation's log.
public struct Append: Hashable, Sendable {
  /// How a message that is sent again is known as the same one.
  public enum Idempotency: Hashable, Sendable {
    /// It is not: appended again.
    case none
    /// By its number in its producer's dense numbering for this conversation, from 1.
    case producer(ProducerID, counter: UInt64)
    /// By a key of the sender's.
    case key(IdempotencyKey)
  }

  /// Which log.
  public let conversation: Conversation

  /// Who says it.
  public let sender: Account

  /// How a repetition is known.
  public let idempotency: Idempotency

  /// What it says. The log does not look inside.
  public let content: ByteBuffer

  /// When set, nothing is appended, and this is the answer: it consumes a producer's counter and is remembered like
  /// any other. A message that is known already is answered as it was then.
  public let refusal: Refusal?

  /// The time of the mark that was set for those it is for, as `markDirty` returned it: nothing is appended once the mark's
  /// lease is over. `nil` for a message that nobody was marked for.
  public let markedAt: Timestamp?

  /// Whether replicas of the store are waited for.
  public let wantsReplication: Bool

  /// Describes what to append.
  public init(
    conversation: Conversation, sender: Account, idempotency: Idempotency, content: ByteBuffer,
    refusal: Refusal? = nil, markedAt: Timestamp? = nil, wantsReplication: Bool = false
  ) {
    self.conversation = conversation
    self.sender = sender
    self.idempotency = idempotency
    self.content = content
    self.refusal = refusal
    self.markedAt = markedAt
    self.wantsReplication = wantsReplication
  }
}
