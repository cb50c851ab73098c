import CIMCore

/// Which messages of one conversation were shown: the greatest place, and which of the 63 before it.
///
/// Delivery is at least once and may come out of order for a short while; this makes it exactly once to the eye in
/// constant space. What lies further back than the window counts as shown.
struct SeenPositions: Hashable, Sendable {
  private static let window: UInt64 = 64

  /// The greatest place shown.
  private(set) var last: LogPosition

  /// Bit n stands for the place `last.seq - n`.
  private var bits: UInt64 = 1

  /// Begins with the first message shown.
  init(first position: LogPosition) {
    self.last = position
  }

  /// Notes a message.
  ///
  /// - Returns: whether it is to be shown: false when it was before.
  mutating func insert(_ position: LogPosition) -> Bool {
    guard position.epoch == self.last.epoch else {
      guard position > self.last else { return false }
      self = Self(first: position)
      return true
    }
    if position.seq > self.last.seq {
      self.bits = self.bits << (position.seq - self.last.seq) | 1
      self.last = position
      return true
    }
    let distance = self.last.seq - position.seq
    guard distance < Self.window, self.bits & (1 << distance) == 0 else { return false }
    self.bits |= 1 << distance
    return true
  }
}
