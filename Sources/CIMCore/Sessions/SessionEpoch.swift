/// The fencing number of a connection: a later one of the same device is greater.
public struct SessionEpoch: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// Not less than the time of its drawing, in milliseconds since 1970 by the store's clock.
  public let rawValue: UInt64

  /// Creates an epoch from its number.
  public init(_ rawValue: UInt64) {
    self.rawValue = rawValue
  }

  public var description: String { "\(self.rawValue)" }

  public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}
