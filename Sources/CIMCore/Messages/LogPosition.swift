/// A place in a conversation's log. A later epoch comes after every earlier one, whatever the numbers in them.
public struct LogPosition: Hashable, Sendable, Comparable, LosslessStringConvertible {
  /// When this stretch of the log began, in milliseconds since 1970 by the store's clock.
  public let epoch: UInt64

  /// The number within the epoch: dense, from 1.
  public let seq: UInt64

  /// Names a place.
  public init(epoch: UInt64, seq: UInt64) {
    self.epoch = epoch
    self.seq = seq
  }

  /// The place before a log's first entry, whatever its epoch: nothing has been seen yet.
  public static let beginning = Self(epoch: 0, seq: 0)

  /// Parses `epoch-seq`.
  public init?(_ description: String) {
    let parts = description.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, let epoch = UInt64(canonical: parts[0]), let seq = UInt64(canonical: parts[1])
    else {
      return nil
    }
    self.init(epoch: epoch, seq: seq)
  }

  /// `epoch-seq`.
  public var description: String { "\(self.epoch)-\(self.seq)" }

  public static func < (lhs: Self, rhs: Self) -> Bool {
    (lhs.epoch, lhs.seq) < (rhs.epoch, rhs.seq)
  }
}
