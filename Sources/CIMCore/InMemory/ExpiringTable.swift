import NIOCore

/// A dictionary whose entries vanish some time after they were last set, and that holds a limited number of them: past
/// it, the one that was set longest ago makes room.
struct ExpiringTable<Key: Hashable, Value> {
  fileprivate struct Slot {
    var value: Value
    var setAt: Timestamp
  }

  private let lifetime: UInt64
  private let capacity: Int
  private var slots: [Key: Slot] = [:]

  /// Each key once, with a time not later than its slot's: a key whose slot was set again is put to the end when it
  /// reaches the front, so that setting costs no search.
  private var queue = CircularBuffer<(key: Key, setAt: Timestamp)>()

  /// Creates an empty table.
  ///
  /// - Parameters:
  ///   - lifetime: for how long an entry lives after it was last set, in milliseconds.
  ///   - capacity: how many entries it holds; at least 1.
  init(lifetime: UInt64, capacity: Int) {
    self.lifetime = lifetime
    self.capacity = capacity
  }

  /// How many entries are held, those included that have expired since the last one was set.
  var count: Int { self.slots.count }

  func value(for key: Key, at now: Timestamp) -> Value? {
    guard let slot = self.slots[key], !self.isExpired(slot.setAt, at: now) else { return nil }
    return slot.value
  }

  mutating func set(_ value: Value, for key: Key, at now: Timestamp) {
    if self.slots.updateValue(Slot(value: value, setAt: now), forKey: key) == nil {
      self.queue.append((key, now))
    }
    self.makeRoom(at: now)
  }

  private mutating func makeRoom(at now: Timestamp) {
    while let (key, queuedAt) = self.queue.first,
      self.slots.count > self.capacity || self.isExpired(queuedAt, at: now)
    {
      self.queue.removeFirst()
      guard let slot = self.slots[key] else { continue }
      if slot.setAt != queuedAt {
        self.queue.append((key, slot.setAt))
      } else {
        self.slots[key] = nil
      }
    }
  }

  private func isExpired(_ setAt: Timestamp, at now: Timestamp) -> Bool {
    now.milliseconds > setAt.milliseconds + self.lifetime
  }
}

extension ExpiringTable: Sendable where Key: Sendable, Value: Sendable {}
extension ExpiringTable.Slot: Sendable where Key: Sendable, Value: Sendable {}
