/// Which deliveries of a link have come, and when to say so: after 64, or when 50 ms are over since the first that was not
/// acknowledged.
struct DeliveryCount: Sendable {
  /// What is to be done after a delivery.
  enum Action: Sendable, Hashable {
    case nothing
    /// Call `due` in 50 ms.
    case schedule
    /// Acknowledge all up to that number.
    case acknowledge(UInt64)
  }

  /// After how many.
  static let batch = 64

  private var last: UInt64 = 0
  private var unacknowledged = 0
  private var isScheduled = false

  /// A delivery has come.
  mutating func received(_ number: UInt64) -> Action {
    // A route that numbers nothing wants to hear nothing.
    guard number > last else { return .nothing }
    last = number
    unacknowledged += 1
    if unacknowledged >= Self.batch {
      unacknowledged = 0
      return .acknowledge(last)
    }
    guard !isScheduled else { return .nothing }
    isScheduled = true
    return .schedule
  }

  /// The time that was scheduled has come.
  ///
  /// - Returns: the number to acknowledge; nil when all are.
  mutating func due() -> UInt64? {
    isScheduled = false
    guard unacknowledged > 0 else { return nil }
    unacknowledged = 0
    return last
  }
}
