import CIMCore

/// Every message that any client sent, and what its sender knows of it.
struct SentMessages {
  /// What a sender knows of a message.
  enum Outcome: Hashable {
    case accepted(LogPosition)
    case refused
    case uncertain
    /// The sender has no answer yet.
    case unanswered
  }

  struct Entry {
    let sender: UserID
    let message: SentMessage
    /// Its number among all that the sender sent.
    let order: Int
    var outcome = Outcome.unanswered
  }

  private(set) var entries: [String: Entry] = [:]
  private(set) var counts = Verdict.Counts()
  private(set) var violations: [Violation] = []

  init(_ histories: [ClientHistory]) {
    for history in histories {
      for line in history.lines { self.take(line.event, of: history.user) }
    }
    for entry in self.entries.values {
      switch entry.outcome {
      case .accepted: self.count(accepted: entry.message.conversation)
      case .refused: self.counts.refused += 1
      case .uncertain: self.counts.uncertain += 1
      case .unanswered: break
      }
    }
    self.counts.sent = self.entries.count
  }

  private mutating func take(_ event: HistoryEvent, of user: UserID) {
    switch event {
    case .send(let message):
      // A text stands for one message: one that is numbered anew is another.
      guard self.entries[message.text] == nil else {
        self.violations.append(Violation(.doubled, "\"\(message.text)\" was numbered twice by user \(user)"))
        return
      }
      self.entries[message.text] = Entry(sender: user, message: message, order: self.entries.count)
    case .accepted(let text, let position, let isDuplicate):
      if isDuplicate { self.counts.answeredAgain += 1 }
      self.resolve(text, .accepted(position), user)
    case .refused(let text, let isUncertain, let reason):
      if !isUncertain {
        self.violations.append(Violation(.refused, "\"\(text)\" of user \(user): \(reason)"))
      }
      self.resolve(text, isUncertain ? .uncertain : .refused, user)
    default: break
    }
  }

  private mutating func resolve(_ text: String, _ outcome: Outcome, _ user: UserID) {
    guard let entry = self.entries[text], entry.sender == user else {
      // Refused before it got a number: it was never sent.
      if outcome != .refused {
        self.violations.append(
          Violation(.altered, "\"\(text)\" was answered to user \(user), who never sent it"))
      }
      return
    }
    switch (entry.outcome, outcome) {
    case (.unanswered, _): self.entries[text]?.outcome = outcome
    case (.accepted(let one), .accepted(let other)) where one != other:
      self.violations.append(Violation(.doubled, "\"\(text)\" was accepted at \(one) and at \(other)"))
    case (let one, let other) where one != other:
      self.violations.append(Violation(.altered, "\"\(text)\" was answered \(one), then \(other)"))
    default: break
    }
  }

  private mutating func count(accepted conversation: Conversation) {
    self.counts.accepted += 1
    switch conversation {
    case .direct: self.counts.acceptedPrivate += 1
    case .group: self.counts.acceptedGroup += 1
    case .lobby: self.counts.acceptedLobby += 1
    }
  }
}
