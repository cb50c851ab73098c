import CIMCore
import CIMProtos

/// What of a group's log is for one session: from its place on, all of its user's stays, and nothing between them.
struct GroupPart: Hashable, Sendable {
  /// A time in which the user was out; entries strictly between the two are not for the user.
  struct Absence: Hashable, Sendable {
    let left: LogPosition
    /// Nil while the user has not come back.
    let joined: LogPosition?
  }

  /// Where the session stands.
  let place: SessionStanding.Place
  /// When the user was out, behind that place; ascending.
  let absences: [Absence]
  /// Where the user left; nil for a member.
  let end: LogPosition?

  /// - Parameters:
  ///   - former: the user's stays that have ended, ascending.
  ///   - join: where the user joined, if it is a member; it may have been read before `former`.
  ///   - known: the session has everything up to here; nil when that is not known.
  /// - Returns: nil when nothing of the log is for the session that it does not have.
  init?(former: [Stay], join: LogPosition?, known: LogPosition?) {
    let open = former.contains { $0.joined == join } ? nil : join
    if let open, let known, known >= open {
      (place, absences, end) = (.at(known), [], nil)
      return
    }
    let missed = former.filter { $0.left > known ?? .beginning }
    guard let joined = missed.first?.joined ?? open else { return nil }
    place = known.flatMap { $0 >= joined ? .at($0) : nil } ?? .joining(joined)
    let returns = missed.dropFirst().map(\.joined) + [open]
    absences = zip(missed, returns).map { Absence(left: $0.left, joined: $1) }
    end = open == nil ? missed.last?.left : nil
  }
}

extension CimV1.Absence {
  /// An absence as it travels.
  init(_ absence: GroupPart.Absence) {
    self.init(
      left: CimV1.LogPosition(absence.left), joined: absence.joined.map(CimV1.LogPosition.init))
  }
}
