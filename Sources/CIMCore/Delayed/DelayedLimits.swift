/// How many delayed messages are kept, and for how long.
public struct DelayedLimits: Hashable, Sendable {
  /// How many a user may have, those included that failed and are listed: 1000 by default.
  public var perUser: Int

  /// How far ahead one may be sent, in milliseconds: 366 days by default.
  public var aheadMilliseconds: UInt64

  /// For how long a route has one that it took, in milliseconds: 5 s by default. After a route died, its messages are late by at
  /// most as much.
  public var leaseMilliseconds: UInt64

  /// For how long one that failed is listed, in milliseconds: 24 hours by default.
  public var failedMilliseconds: UInt64

  /// For how long a key is remembered, in milliseconds: 24 hours by default.
  public var keyMilliseconds: UInt64

  /// How long after somebody may have sent it a message is not tried again, in milliseconds: 6 days by default. It must be less than
  /// what a log remembers of a producer (`MessageLogLimits.producerMilliseconds`), by more than a lease.
  public var uncertainMilliseconds: UInt64

  /// The limits that the properties name.
  public static let defaults = Self(
    perUser: 1000, aheadMilliseconds: 366 * 24 * 3_600_000, leaseMilliseconds: 5_000,
    failedMilliseconds: 24 * 3_600_000, keyMilliseconds: 24 * 3_600_000,
    uncertainMilliseconds: 6 * 24 * 3_600_000)
}
