import CIMCore
import CIMProtos
import NIOCore

/// Private conversations of which somebody may not have got everything, because a link broke, a session had moved, or a server
/// was not known: whoever it is for is looked up again.
struct UnresolvedTails: Sendable {
  /// Who may have missed what.
  struct Key: Hashable, Sendable {
    let user: UserID
    let conversation: String
  }

  /// What may be missing, and until when it is looked after.
  struct Entry: Hashable, Sendable {
    var position: LogPosition
    var until: NIODeadline
  }

  /// How many are kept, at least 1.
  private let capacity: Int
  private var entries: [Key: Entry] = [:]

  init(capacity: Int) { self.capacity = capacity }

  /// Whether there is nothing to look after.
  var isEmpty: Bool { entries.isEmpty }

  /// Adds what a user may have missed.
  ///
  /// - Returns: false when there are too many: the mark that was set before the message tells of it all the same.
  mutating func add(_ key: Key, _ entry: Entry) -> Bool {
    guard let known = entries[key] else {
      guard entries.count < capacity else { return false }
      entries[key] = entry
      return true
    }
    entries[key] = Entry(
      position: max(known.position, entry.position), until: max(known.until, entry.until))
    return true
  }

  /// Takes out some, those that have been looked after for long enough left out.
  mutating func take(_ limit: Int, at now: NIODeadline) -> [Key: Entry] {
    let some = entries.prefix(limit)
    for (key, _) in some { entries[key] = nil }
    return some.reduce(into: [:]) { taken, next in
      if next.value.until > now { taken[next.key] = next.value }
    }
  }
}
