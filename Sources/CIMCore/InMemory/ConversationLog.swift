import NIOCore

/// The log of one conversation, with what is remembered of its senders.
struct ConversationLog {
  private struct SenderKey: Hashable {
    let sender: UserID
    let key: IdempotencyKey
  }

  private let conversation: Conversation
  private let limits: MessageLogLimits
  private let epoch: UInt64
  private var entries = CircularBuffer<LogEntry>()
  private var producers: ExpiringTable<ProducerID, ProducerWindow>
  private var keys: ExpiringTable<SenderKey, LogPosition>

  /// The place of the last entry, also when that has been trimmed.
  private(set) var tail: LogPosition?

  /// Whether there is nothing to remember.
  var isVacant: Bool { self.tail == nil && self.producers.count == 0 }

  init(_ conversation: Conversation, limits: MessageLogLimits, began: Timestamp) {
    self.conversation = conversation
    self.limits = limits
    self.epoch = began.milliseconds
    self.producers = ExpiringTable(
      lifetime: limits.producerMilliseconds, capacity: limits.entriesPerConversation)
    self.keys = ExpiringTable(lifetime: limits.keyMilliseconds, capacity: limits.entriesPerConversation)
  }

  mutating func append(_ append: Append, at now: Timestamp) -> AppendOutcome {
    switch append.idempotency {
    case .none:
      let answer = self.appendOrRefuse(append, at: now)
      return self.outcome(answer, duplicate: false)
    case .producer(let producer, let counter):
      return self.append(append, producer: producer, counter: counter, at: now)
    case .key(let key):
      return self.append(append, key: key, at: now)
    }
  }

  private mutating func append(
    _ append: Append, producer: ProducerID, counter: UInt64, at now: Timestamp
  ) -> AppendOutcome {
    guard counter > 0 else { return .refused(.zeroCounter) }
    var window = self.producers.value(for: producer, at: now) ?? ProducerWindow(owner: append.sender.id)
    guard window.owner == append.sender.id else { return .refused(.foreignProducer) }
    switch window.judge(counter) {
    case .known(let answer):
      // A repetition is a use: the producer lives on.
      self.producers.set(window, for: producer, at: now)
      return self.outcome(answer, duplicate: true)
    case .next:
      let answer = self.appendOrRefuse(append, at: now)
      window.record(answer, keeping: self.limits.answersPerProducer)
      self.producers.set(window, for: producer, at: now)
      return self.outcome(answer, duplicate: false)
    case .gap(let expected):
      return .gap(expected: expected)
    case .tooOld:
      return .duplicateUnknown
    }
  }

  private mutating func append(_ append: Append, key: IdempotencyKey, at now: Timestamp) -> AppendOutcome {
    let senderKey = SenderKey(sender: append.sender.id, key: key)
    if let position = self.keys.value(for: senderKey, at: now) {
      return self.outcome(.accepted(position), duplicate: true)
    }
    let answer = self.appendOrRefuse(append, at: now)
    if case .accepted(let position) = answer { self.keys.set(position, for: senderKey, at: now) }
    return self.outcome(answer, duplicate: false)
  }

  private func outcome(_ answer: ProducerWindow.Answer, duplicate: Bool) -> AppendOutcome {
    switch answer {
    case .refused(let refusal): .refused(refusal)
    case .accepted(let position):
      self.entry(at: position).map { .accepted($0, duplicate: duplicate) } ?? .duplicateUnknown
    }
  }

  private mutating func appendOrRefuse(_ append: Append, at now: Timestamp) -> ProducerWindow.Answer {
    if let refusal = append.refusal { return .refused(refusal) }
    let entry = LogEntry(
      conversation: self.conversation,
      position: LogPosition(epoch: self.epoch, seq: (self.tail?.seq ?? 0) + 1),
      previous: self.tail, sender: append.sender, loggedAt: now, sendID: append.sendID,
      // A slice would keep all of the buffer that it was cut from.
      content: ByteBuffer(bytes: append.content.readableBytesView))
    self.tail = entry.position
    self.entries.append(entry)
    if self.entries.count > self.limits.entriesPerConversation { self.entries.removeFirst() }
    return .accepted(entry.position)
  }

  private func entry(at position: LogPosition) -> LogEntry? {
    let index = self.entries.partitionIndex { $0.position >= position }
    guard index != self.entries.endIndex, self.entries[index].position == position else { return nil }
    return self.entries[index]
  }

  /// The last `limit` entries before a place, or of all.
  func entries(before: LogPosition?, limit: Int) -> [LogEntry] {
    let end =
      before.map { before in self.entries.partitionIndex { $0.position >= before } } ?? self.entries.endIndex
    return Array(self.entries[..<end].suffix(limit))
  }

  /// The first `limit` entries after a place, or of all.
  func entries(after: LogPosition?, limit: Int) -> [LogEntry] {
    let start =
      after.map { after in self.entries.partitionIndex { $0.position > after } } ?? self.entries.startIndex
    return Array(self.entries[start...].prefix(limit))
  }
}
