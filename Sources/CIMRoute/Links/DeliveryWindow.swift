import CIMProtos
import DequeModule
import NIOCore

/// The deliveries on one link that its server has not acknowledged: numbered, bounded, and remembered without what they say.
///
/// What is in here is in a log, too: it is kept to know *where* something may be missing, not to send it again.
struct DeliveryWindow: Sendable {
  /// How much may be under way.
  struct Limits: Sendable, Hashable {
    /// How many deliveries, at least 1.
    var count: Int
    /// How many bytes, at least 1. The delivery that reaches it is let in, so that any message can be sent.
    var bytes: Int
  }

  private struct Entry {
    let tail: CimV1.Tail
    let bytes: Int
    let time: NIODeadline
  }

  private let limits: Limits
  private var entries: Deque<Entry> = []
  /// How many bytes are under way.
  private(set) var bytes = 0
  /// The number of the last delivery.
  private(set) var lastNumber: UInt64 = 0

  init(limits: Limits) { self.limits = limits }

  /// Whether nothing more is let in until something is acknowledged.
  var isFull: Bool { entries.count >= limits.count || bytes >= limits.bytes }

  /// How many deliveries are under way.
  var count: Int { entries.count }

  /// When the oldest of them was sent; nil when none is under way.
  var oldest: NIODeadline? { entries.first?.time }

  /// Takes note of a delivery that is sent now.
  ///
  /// - Parameters:
  ///   - tail: where it reaches, and for whom.
  ///   - bytes: how large it is.
  /// - Returns: its number on the link; nil when the window is full.
  mutating func admit(_ tail: CimV1.Tail, bytes: Int, at now: NIODeadline) -> UInt64? {
    guard !isFull else { return nil }
    entries.append(Entry(tail: tail, bytes: bytes, time: now))
    self.bytes += bytes
    lastNumber += 1
    return lastNumber
  }

  /// All deliveries up to a number have come.
  ///
  /// - Returns: false for a number that was not given yet: nothing is taken as acknowledged.
  mutating func acknowledge(_ number: UInt64) -> Bool {
    guard number <= lastNumber else { return false }
    while lastNumber - UInt64(entries.count) < number, let entry = entries.popFirst() { bytes -= entry.bytes }
    return true
  }

  /// The link is broken: numbers begin anew.
  ///
  /// - Returns: what was not acknowledged.
  mutating func reset() -> [CimV1.Tail] {
    defer { self = DeliveryWindow(limits: limits) }
    return entries.map(\.tail)
  }
}
