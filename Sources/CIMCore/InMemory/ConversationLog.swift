import NIOCore

/// The log of one conversation, with what is remembered of its senders, and a group's members.
struct ConversationLog: Sendable {
  /// When, and in which copy of the store, something happens.
  struct Moment: Sendable {
    let time: Timestamp
    let identity: String
  }

  private struct SenderKey: Hashable, Sendable {
    let sender: UserID
    let key: IdempotencyKey
  }

  private let conversation: Conversation
  let limits: MessageLogLimits
  /// Under which identity of the store the last entry was written.
  private var identity: String?
  private var entries = CircularBuffer<LogEntry>()
  private var producers: ExpiringTable<ProducerID, ProducerWindow>
  private var keys: ExpiringTable<SenderKey, LogPosition>

  /// The place of the last entry, also when that has been trimmed.
  private(set) var tail: LogPosition?

  /// The last entry of each epoch before the tail's, the last `LogEnd.rememberedEpochs`.
  private var formerEpochs: [LogPosition] = []

  /// When the last entry was logged.
  private var loggedAt = Timestamp(milliseconds: 0)

  /// Where each sender's last entry is; not in the lobby.
  private var lastOwn: [UserID: LogPosition] = [:]

  /// Who of the two of a private conversation blocks the other.
  var blockers: Set<UserID> = []

  /// Who belongs to a group.
  var roster = GroupRoster()

  /// Whether there is nothing to remember.
  var isVacant: Bool { self.tail == nil && self.producers.count == 0 && self.blockers.isEmpty }

  init(_ conversation: Conversation, limits: MessageLogLimits) {
    self.conversation = conversation
    self.limits = limits
    self.producers = ExpiringTable(
      lifetime: limits.producerMilliseconds, capacity: limits.entriesPerConversation)
    self.keys = ExpiringTable(lifetime: limits.keyMilliseconds, capacity: limits.entriesPerConversation)
  }

  mutating func append(_ append: Append, at moment: Moment) -> AppendOutcome {
    switch append.idempotency {
    case .none:
      guard let answer = self.appendOrRefuse(append, at: moment) else { return .staleMark }
      return self.outcome(answer, duplicate: false)
    case .producer(let producer, let counter):
      return self.append(append, producer: producer, counter: counter, at: moment)
    case .key(let key):
      return self.append(append, key: key, at: moment)
    }
  }

  private mutating func append(
    _ append: Append, producer: ProducerID, counter: UInt64, at moment: Moment
  ) -> AppendOutcome {
    guard counter > 0 else { return .refused(.zeroCounter) }
    var window =
      self.producers.value(for: producer, at: moment.time) ?? ProducerWindow(owner: append.sender.id)
    guard window.owner == append.sender.id else { return .refused(.foreignProducer) }
    switch window.judge(counter) {
    case .known(let answer):
      // A repetition is a use: the producer lives on.
      self.producers.set(window, for: producer, at: moment.time)
      return self.outcome(answer, duplicate: true)
    case .next:
      guard let answer = self.appendOrRefuse(append, at: moment) else { return .staleMark }
      window.record(answer, keeping: self.limits.answersPerProducer)
      self.producers.set(window, for: producer, at: moment.time)
      return self.outcome(answer, duplicate: false)
    case .gap(let expected):
      return .gap(expected: expected)
    case .tooOld:
      return .duplicateUnknown
    }
  }

  private mutating func append(_ append: Append, key: IdempotencyKey, at moment: Moment) -> AppendOutcome {
    let senderKey = SenderKey(sender: append.sender.id, key: key)
    if let position = self.keys.value(for: senderKey, at: moment.time) {
      return self.outcome(.accepted(position), duplicate: true)
    }
    guard let answer = self.appendOrRefuse(append, at: moment) else { return .staleMark }
    if case .accepted(let position) = answer { self.keys.set(position, for: senderKey, at: moment.time) }
    return self.outcome(answer, duplicate: false)
  }

  private func outcome(_ answer: ProducerWindow.Answer, duplicate: Bool) -> AppendOutcome {
    switch answer {
    case .refused(let refusal): .refused(refusal)
    case .accepted(let position):
      self.entry(at: position).map {
        .accepted($0, duplicate: duplicate, isReplicated: false)
      } ?? .duplicateUnknown
    }
  }

  /// - Returns: nil when the mark's lease is over.
  private mutating func appendOrRefuse(_ append: Append, at moment: Moment) -> ProducerWindow.Answer? {
    if let refusal = append.refusal { return .refused(refusal) }
    if case .group = append.conversation {
      guard self.roster.members[append.sender.id] != nil else { return .refused(.notAMember) }
      guard !self.roster.muted.contains(append.sender.id) else { return .refused(.muted) }
    }
    if !self.blockers.isEmpty {
      return .refused(self.blockers.contains(append.sender.id) ? .blocking : .blocked)
    }
    if let markedAt = append.markedAt {
      let leaseEnd = markedAt.milliseconds + self.limits.markLeaseMilliseconds
      guard moment.time.milliseconds < leaseEnd else { return nil }
    }
    let entry = self.log(append.content, by: append.sender, sendID: append.sendID, at: moment)
    return .accepted(entry.position)
  }

  /// Appends an entry, whoever may or may not.
  mutating func log(
    _ content: ByteBuffer, by sender: Account, sendID: SendID?, at moment: Moment
  ) -> LogEntry {
    let entry = LogEntry(
      conversation: self.conversation, position: self.nextPosition(at: moment), previous: self.tail,
      sender: sender, loggedAt: moment.time, sendID: sendID,
      // A slice would keep all of the buffer that it was cut from.
      content: ByteBuffer(bytes: content.readableBytesView))
    if let tail = self.tail, tail.epoch != entry.position.epoch {
      self.formerEpochs = (self.formerEpochs + [tail]).suffix(LogEnd.rememberedEpochs)
    }
    self.tail = entry.position
    self.loggedAt = moment.time
    if self.conversation != .lobby { self.lastOwn[sender.id] = entry.position }
    self.identity = moment.identity
    self.entries.append(entry)
    self.trim(at: moment.time)
    return entry
  }

  /// The place after the last, in a new epoch unless the store is what it was then.
  private func nextPosition(at moment: Moment) -> LogPosition {
    guard let tail = self.tail else { return LogPosition(epoch: moment.time.milliseconds, seq: 1) }
    guard self.identity == moment.identity else {
      return LogPosition(epoch: max(moment.time.milliseconds, tail.epoch + 1), seq: 1)
    }
    return LogPosition(epoch: tail.epoch, seq: tail.seq + 1)
  }

  private mutating func trim(at now: Timestamp) {
    if self.entries.count > self.limits.entriesPerConversation { self.entries.removeFirst() }
    while let oldest = self.entries.first,
      oldest.loggedAt.milliseconds + self.limits.entryMilliseconds <= now.milliseconds
    {
      self.entries.removeFirst()
    }
  }

  private func entry(at position: LogPosition) -> LogEntry? {
    let index = self.entries.partitionIndex { $0.position >= position }
    guard index != self.entries.endIndex, self.entries[index].position == position else { return nil }
    return self.entries[index]
  }

  /// Where the log ends, with some users' last entries; nil for one without any entry.
  func end(for users: Set<UserID>) -> LogEnd? {
    self.tail.map { tail in
      LogEnd(
        position: tail, loggedAt: self.loggedAt, formerEpochs: self.formerEpochs,
        lastOwn: self.lastOwn.filter { users.contains($0.key) })
    }
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
