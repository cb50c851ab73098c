import CIMCore

/// Where one session stands, from what the store knows of its user: what to look at, from where on, and which marks have done
/// their work.
struct SessionStanding: Sendable {
  /// Where a session stands in a conversation.
  enum Place: Hashable, Sendable {
    /// It has everything up to here; nil when it has nothing, and the log is for it from the beginning.
    case at(LogPosition?)
    /// It has everything before the entry at this place, with which the user joined.
    case joining(LogPosition)
    /// It begins with what comes next.
    case tail
  }

  let question: SyncQuestion
  /// The user's marks: all for a new session, else those that are not fresh.
  let marks: [DirtyMark]
  let cursors: DeviceCursors
  /// The user's groups, each with the place where the user joined.
  let joins: [GroupID: LogPosition]
  /// The user's memberships that have ended, of `groupsToLookUp`.
  var stays: [GroupID: [Stay]] = [:]
  /// The conversations that are marked.
  private let marked: Set<Conversation>

  init(
    question: SyncQuestion, marks: [DirtyMark], cursors: DeviceCursors, joins: [GroupID: LogPosition]
  ) {
    self.question = question
    self.marks = marks
    self.cursors = cursors
    self.joins = joins
    marked = Set(marks.map(\.conversation))
  }

  private var user: UserID { question.device.user }

  /// The conversations to look at: only ones in which the user has a part, whatever the client says.
  var conversations: Set<Conversation> {
    var all = marked.union(question.named)
    if question.isNew {
      all.insert(.lobby)
      all.formUnion(joins.keys.map(Conversation.group))
      all.formUnion(cursors.device.keys)
      all.formUnion(cursors.user.keys)
      all.formUnion(question.said.keys)
    }
    return all.filter(hasPart)
  }

  /// The same, those first that nothing else tells of later.
  var conversationsByWeight: [Conversation] {
    func isFirst(_ conversation: Conversation) -> Bool {
      !conversation.isPrivate || marked.contains(conversation) || question.named.contains(conversation)
    }
    let all = conversations
    return all.filter(isFirst) + all.filter { !isFirst($0) }
  }

  private func hasPart(in conversation: Conversation) -> Bool {
    switch conversation {
    case .lobby: true
    case .direct(let pair): pair.contains(user)
    case .group(let group): part(in: group) != nil
    }
  }

  /// The groups of which ended memberships matter: those the user may have been in, but for those of which the session has
  /// something since the user joined.
  var groupsToLookUp: Set<GroupID> {
    var all = marked.union(question.named)
    if question.isNew {
      all.formUnion(cursors.device.keys)
      all.formUnion(cursors.user.keys)
      all.formUnion(question.said.keys)
      all.formUnion(joins.keys.map(Conversation.group))
    }
    return all.reduce(into: []) { groups, conversation in
      guard case .group(let group) = conversation else { return }
      if let join = joins[group], let known = known(in: group), known >= join { return }
      groups.insert(group)
    }
  }

  /// The same of a conversation; nil for those that are no groups, too.
  func part(in conversation: Conversation) -> GroupPart? {
    guard case .group(let group) = conversation else { return nil }
    return part(in: group)
  }

  /// The session's part in a group; nil when the user has none, or when the session has all of it.
  func part(in group: GroupID) -> GroupPart? {
    GroupPart(former: stays[group] ?? [], join: joins[group], known: known(in: group))
  }

  private func known(in group: GroupID) -> LogPosition? {
    noted(in: .group(group))
  }

  /// How far the device is: what the client says counts most, then what it has acknowledged. That another of the user's
  /// devices has more is nothing to it: it began where the user was, and goes its own way since (`CursorStore.begin`).
  private func noted(in conversation: Conversation) -> LogPosition? {
    question.said[conversation] ?? cursors.device[conversation]
  }

  /// Where the session stands. A new device is not told what was said in the lobby before it came.
  func place(in conversation: Conversation) -> Place {
    let noted = noted(in: conversation)
    switch conversation {
    case .lobby: return noted.map { .at($0.orBeginning) } ?? .tail
    case .direct: return .at(noted?.orBeginning)
    case .group(let group):
      // Who has no part has everything that is for it.
      return part(in: group)?.place ?? .at(known(in: group)?.orBeginning)
    }
  }

  /// Whether the session is told of a conversation.
  func isTold(_ conversation: Conversation, last: LogPosition?, tail: LogPosition?) -> Bool {
    if question.named.contains(conversation) { return true }
    let isMarked = marked.contains(conversation)
    // Of a private conversation that the store does not know at all there is nothing to tell, whatever the client says.
    if last != tail, tail != nil || isMarked || !conversation.isPrivate { return true }
    // A new session gets a place in all in which something can happen at any moment. A mark of a group may be all that
    // tells of a membership.
    return question.isNew ? isMarked || !conversation.isPrivate : isMarked && conversation.isGroup
  }

  /// The marks that have done their work, given tails that were read after the marks: nothing will be appended under them
  /// any more, and each of the user's devices that are online has everything. A group's mark is there for who joins, and has done its work when something
  /// from then on has come; when the user has left since, it may be all that tells of the stay, until that has come whole.
  ///
  /// - Parameter others: how far the user's other devices are that are online.
  func doneMarks(
    tails: [Conversation: LogPosition], others: [[Conversation: LogPosition]] = []
  ) -> [DirtyMark] {
    marks.filter { mark in
      guard mark.isPastLease else { return false }
      let conversation = mark.conversation
      let end: LogPosition?
      var has = cursors.device[conversation] ?? .beginning
      switch conversation {
      case .group(let group):
        // Its acknowledgement may have been lost, with nothing left in the group to repeat it.
        has = max(has, question.said[conversation] ?? .beginning)
        end = (stays[group]?.last?.left ?? joins[group]).map { max($0, joins[group] ?? $0) }
      case .lobby, .direct: end = tails[conversation]
      }
      guard let end else { return true }
      return has >= end && others.allSatisfy { $0[conversation] ?? .beginning >= end }
    }
  }
}

extension LogPosition {
  /// This place; nil for the number 0, which is the beginning.
  fileprivate var orBeginning: LogPosition? { seq == 0 ? nil : self }
}
