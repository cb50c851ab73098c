import CIMCore
import CIMProtos

/// How far users say that they have read, whatever their devices.
struct ReadPlaces: Sendable {
  private let places: [UserID: [Conversation: LogPosition]]

  init(_ advances: [CursorAdvance]) {
    places = advances.reduce(into: [:]) { places, advance in
      let user = advance.device.user
      let said = advance.positions.filter { $0.value.seq > 0 && $0.key.mayHave(user) }
      guard !said.isEmpty else { return }
      places[user, default: [:]].merge(said) { max($0, $1) }
    }
  }

  /// All conversations that are named.
  var conversations: Set<Conversation> { Set(places.values.flatMap(\.keys)) }

  /// The users who name groups.
  var usersInGroups: Set<UserID> { Set(places.filter { $0.value.keys.contains(where: \.isGroup) }.keys) }

  /// The places in conversations in which the users have a part, none behind a log's end.
  ///
  /// - Parameters:
  ///   - tails: the ends of the logs.
  ///   - groups: the users' groups.
  func valid(
    tails: [Conversation: LogPosition], groups: [UserID: [GroupID: LogPosition]]
  ) -> [UserID: [Conversation: LogPosition]] {
    var valid: [UserID: [Conversation: LogPosition]] = [:]
    for (user, places) in places {
      for (conversation, position) in places {
        guard let tail = tails[conversation] else { continue }
        if case .group(let group) = conversation, groups[user]?[group] == nil { continue }
        valid[user, default: [:]][conversation] = min(position, tail)
      }
    }
    return valid
  }
}

extension Conversation {
  /// Whether a user can have a part in it, going by its name.
  fileprivate func mayHave(_ user: UserID) -> Bool {
    if case .direct(let pair) = self { pair.contains(user) } else { true }
  }
}

extension CimV1.Cursor {
  /// A place as it travels.
  init(_ place: (key: Conversation, value: LogPosition)) {
    self.init(conversation: place.key.description, position: CimV1.LogPosition(place.value))
  }
}
