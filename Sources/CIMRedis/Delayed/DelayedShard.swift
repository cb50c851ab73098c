import CIMCore

/// The keys of one part of the delayed messages: of those whose sender's id leaves the same remainder. All of a user's are in one
/// shard, so that listing and cancelling them is a matter of one slot.
struct DelayedShard: Hashable, Sendable {
  /// How many there are. It can't be changed while there are messages: they would be looked for elsewhere.
  static let count = 16

  static let all = (0..<Self.count).map(Self.init(number:))

  private let number: Int

  private init(number: Int) { self.number = number }

  init(of user: UserID) { number = Int(user.rawValue % UInt64(Self.count)) }

  /// What is due when: a sorted set, see `RedisScript.takeDelayed`.
  var due: String { "{d:\(number)}:due" }

  /// What the messages say: a hash.
  var messages: String { "{d:\(number)}:messages" }

  /// What became of the messages: a hash.
  var states: String { "{d:\(number)}:states" }

  /// A user's messages: a sorted set of ids by time.
  func own(_ user: UserID) -> String { "{d:\(number)}:of:\(user)" }

  /// What was scheduled under a user's key: `<due> <id>`.
  func idempotencyKey(_ key: IdempotencyKey, sender: UserID) -> String {
    "{d:\(number)}:key:\(sender):\(StoreKey.encoded(key.rawValue))"
  }
}
