#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A moment by a wall clock, in milliseconds. It can be set back between two readings.
public struct Timestamp: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// Milliseconds since 1970-01-01T00:00:00Z.
  public let milliseconds: UInt64

  /// Creates a moment from milliseconds since 1970-01-01T00:00:00Z.
  public init(milliseconds: UInt64) {
    self.milliseconds = milliseconds
  }

  /// This machine's time.
  public static func now() -> Self {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Self(milliseconds: UInt64(time.tv_sec) * 1000 + UInt64(time.tv_nsec) / 1_000_000)
  }

  /// Whether this moment lies at least so many milliseconds before another; 0 holds for any two.
  package func isAtLeast(_ milliseconds: UInt64, before other: Self) -> Bool {
    milliseconds == 0 || self.milliseconds + milliseconds <= other.milliseconds
  }

  public var description: String { "\(self.milliseconds) ms" }

  public static func < (lhs: Self, rhs: Self) -> Bool { lhs.milliseconds < rhs.milliseconds }
}
