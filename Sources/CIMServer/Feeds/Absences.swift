import CIMCore
import CIMProtos

/// When the user of a feed was out of the group, as far as that is known and matters: entries strictly between the two places of
/// an absence are not for the user.
///
/// Empty for nearly every feed, and a pointer's size. Leaves and joins may be learned in any order. While it is not known where
/// an absence ends, all behind its beginning counts as one: nothing that is not for the user is ever passed on.
struct Absences: Sendable, Hashable {
  private struct Absence: Hashable {
    let left: LogPosition
    /// Nil while it is not known that the user has come back.
    var joined: LogPosition?

    func covers(_ position: LogPosition) -> Bool {
      left < position && joined.map { position < $0 } ?? true
    }
  }

  /// Ascending.
  private var all: [Absence] = []

  /// None.
  init() {}

  /// Those that a route has told.
  init(_ told: [CimV1.Absence]) {
    for absence in told {
      insert(Absence(left: LogPosition(absence.left), joined: absence.joined.map { LogPosition($0) }))
    }
  }

  /// Whether the user was never out, as far as it matters.
  var isEmpty: Bool { all.isEmpty }

  /// Whether the user has left for good, as far as is known.
  var areOpen: Bool { all.last.map { $0.joined == nil } ?? false }

  /// Whether an entry is not for the user.
  func covers(_ position: LogPosition) -> Bool { all.contains { $0.covers(position) } }

  /// Where the user left, if nothing from a place on is for the user any more.
  func end(at last: LogPosition) -> LogPosition? {
    all.last.flatMap { $0.joined == nil && $0.left <= last ? $0.left : nil }
  }

  /// The user left, or came back.
  mutating func learn(_ position: LogPosition, isJoin: Bool) {
    guard isJoin else { return insert(Absence(left: position, joined: nil)) }
    guard let index = all.lastIndex(where: { $0.left < position }), all[index].joined == nil else { return }
    all[index].joined = position
  }

  /// The user was out between two places, unless it is known where the absence before the second began.
  mutating func learn(from left: LogPosition, to joined: LogPosition) {
    guard !all.contains(where: { $0.joined == joined }) else { return }
    insert(Absence(left: left, joined: joined))
  }

  /// Takes over what is known elsewhere of the time from a place on.
  mutating func merge(_ other: Absences, from last: LogPosition) {
    for absence in other.all where absence.left > last { insert(absence) }
  }

  /// What ends at a place or before it does not matter any more.
  mutating func forget(upTo last: LogPosition) {
    all.removeAll { $0.joined.map { $0 <= last } ?? false }
  }

  /// The entry with which the user came back was passed on.
  mutating func end(with joined: LogPosition) { all.removeAll { $0.left < joined } }

  private mutating func insert(_ absence: Absence) {
    let index = all.firstIndex { $0.left >= absence.left } ?? all.endIndex
    guard index < all.endIndex, all[index].left == absence.left else {
      return all.insert(absence, at: index)
    }
    all[index].joined = all[index].joined ?? absence.joined
  }
}
