/// Delayed messages, with who may take or cancel them: what `InMemoryDelayedStore` does, with the time as an argument.
struct DelayedTable: Sendable {
  fileprivate enum Status: Hashable {
    case waiting
    /// `since` is when it was taken first since it waited; `isRepeated`, whether it was taken more than once since then.
    case taken(since: Timestamp, isRepeated: Bool)
    case failed(DelayedFailure)
  }

  fileprivate struct Item {
    let message: DelayedMessage
    let due: Timestamp
    var status = Status.waiting
    var attempt: UInt64 = 0
    /// When something is to be done about it: it is due, its lease is over, or it is to be forgotten.
    var next: Timestamp
  }

  private struct SenderKey: Hashable {
    let sender: UserID
    let key: IdempotencyKey
  }

  private let limits: DelayedLimits
  private var items: [DelayedID: Item] = [:]
  private var lists: [UserID: Set<DelayedID>] = [:]
  private var keys: ExpiringTable<SenderKey, ScheduledPlace>

  init(limits: DelayedLimits) {
    self.limits = limits
    self.keys = ExpiringTable(lifetime: limits.keyMilliseconds, capacity: 65_536)
  }

  mutating func schedule(
    _ message: DelayedMessage, for time: DelayedTime, under key: IdempotencyKey?, at now: Timestamp
  ) -> ScheduleOutcome {
    let user = message.sender.id
    let senderKey = key.map { SenderKey(sender: user, key: $0) }
    if let known = senderKey.flatMap({ self.keys.value(for: $0, at: now) })
      ?? self.items[message.id].map({ ScheduledPlace(due: $0.due, id: message.id) })
    {
      return .scheduled(known.id, due: known.due, duplicate: true)
    }
    let latest = Timestamp(milliseconds: now.milliseconds + self.limits.aheadMilliseconds)
    let due: Timestamp
    switch time {
    case .at(let moment): due = moment
    case .after(let milliseconds):
      let (sum, isTooLarge) = now.milliseconds.addingReportingOverflow(milliseconds)
      due = Timestamp(milliseconds: isTooLarge ? .max : sum)
    }
    guard due <= latest else { return .tooFar(latest: latest) }
    guard self.lists[user, default: []].count < self.limits.perUser else {
      return .tooMany(limit: self.limits.perUser)
    }
    self.items[message.id] = Item(message: message, due: due, next: due)
    self.lists[user, default: []].insert(message.id)
    if let senderKey { self.keys.set(ScheduledPlace(due: due, id: message.id), for: senderKey, at: now) }
    return .scheduled(message.id, due: due, duplicate: false)
  }

  mutating func scheduled(
    of user: UserID, after place: ScheduledPlace?, limit: Int, at now: Timestamp
  ) -> [ScheduledMessage] {
    self.forgetFailed(at: now)
    let all = (self.lists[user] ?? []).compactMap { id in
      self.items[id].map { ScheduledMessage($0.message, due: $0.due, state: $0.state) }
    }
    let rest = all.filter { message in place.map { message.place > $0 } ?? true }
    return Array(rest.sorted { $0.place < $1.place }.prefix(limit))
  }

  mutating func cancel(_ id: DelayedID, of user: UserID) -> DelayedCancellation {
    guard self.lists[user]?.contains(id) == true, let item = self.items[id] else { return .unknown }
    if case .taken = item.status { return .tooLate }
    self.remove(item.message)
    return .cancelled
  }

  mutating func take(limit: Int, at now: Timestamp) -> [TakenMessage] {
    self.forgetFailed(at: now)
    let due = self.items.values.filter { $0.next <= now && !$0.isFailed }
      .sorted { ($0.next, $0.message.id) < ($1.next, $1.message.id) }
    return due.prefix(limit).map { self.take($0, at: now) }.sorted {
      ($0.due, $0.message.id) < ($1.due, $1.message.id)
    }
  }

  private mutating func take(_ item: Item, at now: Timestamp) -> TakenMessage {
    var item = item
    var isUncertain = false
    if case .taken(let since, _) = item.status {
      isUncertain = since.isAtLeast(self.limits.uncertainMilliseconds, before: now)
      item.status = .taken(since: since, isRepeated: true)
    } else {
      item.status = .taken(since: now, isRepeated: false)
    }
    item.attempt += 1
    item.next = Timestamp(milliseconds: now.milliseconds + self.limits.leaseMilliseconds)
    self.items[item.message.id] = item
    return TakenMessage(item.message, due: item.due, attempt: item.attempt, isUncertain: isUncertain)
  }

  /// Leaves a message to be taken from some time on.
  ///
  /// - Parameter isUnsent: whether the one who has it surely has not sent it, and won't.
  mutating func release(_ message: TakenMessage, isUnsent: Bool, until next: Timestamp) {
    guard var item = self.items[message.message.id], item.attempt == message.attempt,
      case .taken(_, let isRepeated) = item.status
    else { return }
    if isUnsent, !isRepeated { item.status = .waiting }
    item.next = next
    self.items[message.message.id] = item
  }

  mutating func conclude(_ message: DelayedMessage, _ end: DelayedEnd, at now: Timestamp) {
    switch end {
    case .sent: self.remove(message)
    case .failed(let failure):
      guard var item = self.items[message.id], !item.isFailed else { return }
      item.status = .failed(failure)
      item.next = Timestamp(milliseconds: now.milliseconds + self.limits.failedMilliseconds)
      self.items[message.id] = item
    }
  }

  private mutating func remove(_ message: DelayedMessage) {
    guard let item = self.items.removeValue(forKey: message.id) else { return }
    let user = item.message.sender.id
    self.lists[user]?.remove(message.id)
    if self.lists[user]?.isEmpty == true { self.lists[user] = nil }
  }

  private mutating func forgetFailed(at now: Timestamp) {
    for item in self.items.values where item.isFailed && item.next <= now { self.remove(item.message) }
  }
}

extension DelayedTable.Item {
  fileprivate var isFailed: Bool { if case .failed = self.status { true } else { false } }

  fileprivate var state: ScheduledMessage.State {
    switch self.status {
    case .waiting: .waiting
    case .taken: .sending
    case .failed(let failure): .failed(failure)
    }
  }
}
