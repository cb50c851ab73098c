import NIOCore

/// What a conversation remembers of a producer: its owner, its last counter and the answers to the last messages.
struct ProducerWindow: Sendable {
  /// How a message was answered.
  enum Answer: Sendable {
    case accepted(LogPosition)
    case refused(Refusal)
  }

  /// What a counter means.
  enum Verdict {
    /// Answered before, like this.
    case known(Answer)
    /// To be appended.
    case next
    /// Later than the next.
    case gap(expected: UInt64)
    /// Answered before; the answer is not kept any more.
    case tooOld
  }

  /// The user to whom the producer belongs.
  let owner: UserID

  private var lastCounter: UInt64 = 0

  /// The answers to the last counters, `lastCounter`'s at the end.
  private var answers = CircularBuffer<Answer>()

  init(owner: UserID) {
    self.owner = owner
  }

  func judge(_ counter: UInt64) -> Verdict {
    guard counter <= self.lastCounter else {
      let expected = self.lastCounter + 1
      return counter == expected ? .next : .gap(expected: expected)
    }
    let age = self.lastCounter - counter
    guard age < UInt64(self.answers.count) else { return .tooOld }
    return .known(self.answers[offset: self.answers.count - 1 - Int(age)])
  }

  /// Remembers the answer to the next counter, and no more than `limit` answers.
  mutating func record(_ answer: Answer, keeping limit: Int) {
    self.lastCounter += 1
    self.answers.append(answer)
    if self.answers.count > limit { self.answers.removeFirst() }
  }
}
