import CIMCore
import NIOCore

/// Groups that were found too large for receipts, so that their members are not counted again with every acknowledgement.
struct LargeGroups: Sendable {
  private let lifetime: TimeAmount
  private let capacity: Int
  private var found: [GroupID: NIODeadline] = [:]

  /// - Parameters:
  ///   - lifetime: for how long a group is taken for as large as it was.
  ///   - capacity: how many are remembered, at least 1.
  init(lifetime: TimeAmount, capacity: Int) {
    self.lifetime = lifetime
    self.capacity = capacity
  }

  /// A group is too large.
  mutating func insert(_ group: GroupID, at now: NIODeadline) {
    if found.count >= capacity { found = found.filter { $0.value > now } }
    if found.count >= capacity { found = [:] }
    found[group] = now + lifetime
  }

  /// Whether a group was too large lately.
  func contains(_ group: GroupID, at now: NIODeadline) -> Bool {
    found[group].map { $0 > now } ?? false
  }
}
