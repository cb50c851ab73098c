import CIMCore
import CIMProtos
import Logging

/// Answers servers that ask what sessions may have missed, and how far logs reach.
///
/// However many sessions are asked for at once, the store is asked a few times, one after the other: for marks, then for
/// cursors and groups, for memberships that have ended, then for tails.
struct SyncDesk: Sendable {
  /// How long a mark is left to live delivery, in milliseconds: push.proto states it.
  private static let freshMilliseconds: UInt64 = 2000
  /// How many of a user's marks are looked at in one go, the longest unchanged first.
  private static let maxMarks = 1000
  /// How many private conversations are told in one answer, for all its sessions: 2 MB. Marked ones beyond that are told
  /// by the next sync.
  private static let maxPrivateFeeds = 30_000

  let stores: Stores
  let logger: Logger

  /// What sessions of a server may have missed, and whether the store has them.
  func answer(_ sync: CimV1.Sync, of instance: ServerInstance) async -> CimV1.SyncResult {
    let questions = sync.sessions.map(SyncQuestion.init)
    do {
      let users = Set(questions.compactMap { $0?.device.user })
      let sessions = try await stores.sessions.sessions(of: Array(users))
      let standings = try await standings(of: questions.compactMap(\.self))
      let conversations: Set<Conversation> = standings.reduce(into: []) { $0.formUnion($1.conversations) }
      let tails = try await stores.log.tails(of: Array(conversations))
      var feeds = try await feeds(of: standings, tails: tails)[...]
      let new = questions.compactMap(\.self).users(isNew: true)
      let reads = try await new.isEmpty ? [:] : stores.reads.marks(of: new)
      try await clearDoneMarks(of: standings, tails: tails, sessions: sessions)
      let stored = sessions.stored(on: instance)
      return CimV1.SyncResult(
        requestID: sync.requestID,
        sessions: zip(sync.sessions, questions).map { session, question in
          let marks = question.flatMap { $0.isNew ? reads[$0.device.user] : nil } ?? [:]
          return CimV1.SyncedSession(
            session: session.session, feeds: question == nil ? [] : feeds.removeFirst(),
            isUnknown: session.session.map { !stored.contains($0) } ?? false,
            readMarks: marks.map(CimV1.Cursor.init))
        })
    } catch {
      logger.debug("sessions could not be synced", metadata: ["error": "\(error)"])
      return CimV1.SyncResult(requestID: sync.requestID, unavailable: true)
    }
  }

  /// How far logs reach; nil when the store is away.
  func tails(of query: CimV1.TailsQuery) async -> CimV1.Tails? {
    do {
      let found = try await stores.log.tails(of: query.conversations.compactMap { try? Conversation($0) })
      return CimV1.Tails(
        tails: found.map { conversation, position in
          CimV1.Tail(conversation: conversation.description, position: CimV1.LogPosition(position))
        })
    } catch {
      logger.debug("tails could not be read", metadata: ["error": "\(error)"])
      return nil
    }
  }

  private func standings(of questions: [SyncQuestion]) async throws(StoreError) -> [SessionStanding] {
    let (new, known) = (questions.users(isNew: true), questions.users(isNew: false))
    let all = try await new.isEmpty ? [:] : stores.log.dirtyMarks(of: new, olderThan: 0, limit: Self.maxMarks)
    let old =
      try await known.isEmpty
      ? [:] : stores.log.dirtyMarks(of: known, olderThan: Self.freshMilliseconds, limit: Self.maxMarks)
    func marks(for question: SyncQuestion) -> [DirtyMark] {
      (question.isNew ? all : old)[question.device.user] ?? []
    }
    // Most sessions that are not new have no marks, and nothing more has to be asked.
    let open = questions.filter { $0.isNew || !$0.named.isEmpty || !marks(for: $0).isEmpty }
    let cursors = try await cursors(of: open) { question in
      question.named.union(marks(for: question).map(\.conversation))
    }
    let members = Set(open.filter { $0.needsGroups(marks: marks(for: $0)) }.map(\.device.user))
    let joins = try await stores.groups.groups(of: members)
    var standings = questions.map { question in
      SessionStanding(
        question: question, marks: marks(for: question),
        cursors: cursors[question.device] ?? DeviceCursors(device: [:], user: [:]),
        joins: joins[question.device.user] ?? [:])
    }
    var groups: [UserID: Set<GroupID>] = [:]
    for standing in standings {
      let found = standing.groupsToLookUp
      if !found.isEmpty { groups[standing.question.device.user, default: []].formUnion(found) }
    }
    guard !groups.isEmpty else { return standings }
    // After the joins: a stay that ends in between is then among these.
    let stays = try await stores.groups.formerStays(in: groups)
    for index in standings.indices {
      standings[index].stays = stays[standings[index].question.device.user] ?? [:]
    }
    return standings
  }

  /// All cursors of devices that have just connected, and of others those in some conversations.
  private func cursors(
    of questions: [SyncQuestion], in wanted: (SyncQuestion) -> Set<Conversation>
  ) async throws(StoreError) -> [UserDevice: DeviceCursors] {
    var some: [UserDevice: Set<Conversation>] = [:]
    for question in questions where !question.isNew {
      some[question.device, default: []].formUnion(wanted(question))
    }
    for question in questions where question.isNew { some[question.device] = nil }
    let devices = Array<UserDevice>(Set(questions.map(\.device)))
    return try await devices.isEmpty ? [:] : stores.cursors.cursors(of: devices, in: some)
  }

  private func feeds(
    of standings: [SessionStanding], tails: [Conversation: LogPosition]
  ) async throws(StoreError) -> [[CimV1.Feed]] {
    var feeds: [[CimV1.Feed]] = []
    let share = Self.maxPrivateFeeds / max(1, standings.count)
    for standing in standings {
      var own: [CimV1.Feed] = []
      var left = share
      for conversation in standing.conversationsByWeight {
        let part = standing.part(in: conversation)
        let tail = part?.end ?? tails[conversation]
        let last: LogPosition? =
          switch standing.place(in: conversation) {
          case .at(let position): position
          case .tail: tail
          // Rare: the session has nothing of the group since the user joined.
          case .joining(let join): try await place(before: join, in: conversation)
          }
        guard standing.isTold(conversation, last: last, tail: tail) else { continue }
        if conversation.isPrivate {
          left -= 1
          guard left >= 0 else { continue }
        }
        own.append(
          CimV1.Feed(
            conversation: conversation.description, last: last.map(CimV1.LogPosition.init),
            tail: tail.map(CimV1.LogPosition.init),
            absences: part?.absences.map(CimV1.Absence.init) ?? []))
      }
      feeds.append(own)
    }
    return feeds
  }

  /// The place before an entry, so that the entry itself is what comes next; the entry's own place when it is not in the log
  /// any more.
  private func place(
    before join: LogPosition, in conversation: Conversation
  ) async throws(StoreError) -> LogPosition? {
    guard join.seq > 1 else {
      // The first of its epoch: only the entry itself names what is before it.
      let entry = try await stores.log.read(
        conversation, after: LogPosition(epoch: join.epoch, seq: 0), limit: 1
      ).first
      return entry?.position == join ? entry?.previous : join
    }
    return LogPosition(epoch: join.epoch, seq: join.seq - 1)
  }
}

extension [UserID: [CIMCore.Session]] {
  /// Those that the store has on a server.
  fileprivate func stored(on instance: ServerInstance) -> Set<CimV1.SessionRef> {
    values.reduce(into: []) { stored, sessions in
      stored.formUnion(sessions.lazy.filter { $0.instance == instance }.map(CimV1.SessionRef.init))
    }
  }
}

extension [SyncQuestion] {
  fileprivate func users(isNew: Bool) -> [UserID] {
    Array<UserID>(Set(filter { $0.isNew == isNew }.map(\.device.user)))
  }
}
