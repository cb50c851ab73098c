import CIMCore
import CIMProtos
import DequeModule
import NIOCore

/// What the sessions of one event loop ask routes about logs, all together, and what they tell them.
extension SessionShard {
  /// A feed that is looked at later.
  struct Look {
    let session: UInt64
    let conversation: String
    let deadline: NIODeadline
  }

  /// How long acknowledgements are collected.
  private static let acknowledgeAfter = TimeAmount.milliseconds(100)

  // MARK: Now and then

  /// Asks again what was not answered, and what is asked regularly.
  func askRoutes(at now: NIODeadline) {
    for number in syncRounds.next(at: now, isThere: { self[$0] != nil }) { sync(number, isNew: false) }
    syncs.retry(at: now)
    scheduleSyncs()
    fetches.retry(at: now)
    sendFetches()
    queryTails(at: now)
  }

  /// Links have come or gone: what was on its way over them may have come to nobody.
  func linksChanged() {
    syncs.retry(at: .now())
    scheduleSyncs()
    core.links.query(tailsOf: Array(members.conversations))
    scheduleAcks()
    scheduleReads()
  }

  private func queryTails(at now: NIODeadline) {
    let round = core.configuration.tailsInterval.nanoseconds
    let elapsed = Double((now - lastTails).nanoseconds) / Double(max(1, round))
    lastTails = now
    tailsDue = min(1, tailsDue + elapsed)
    // A new round when the last one is over: conversations that came meanwhile were asked for when they came.
    if tailsRound.isEmpty { tailsRound = Array(members.conversations) }
    let share = Int(tailsDue * Double(tailsRound.count).rounded(.up))
    guard share > 0 else { return }
    tailsDue = 0
    core.links.query(tailsOf: Array(tailsRound.suffix(share)))
    tailsRound.removeLast(min(share, tailsRound.count))
  }

  // MARK: What sessions may have missed

  /// Has a route asked what a session may have missed: with others of this turn of the event loop.
  func sync(_ number: UInt64, isNew: Bool) {
    syncs.add(number, isNew: isNew)
    scheduleSyncs()
  }

  func scheduleSyncs() {
    guard syncs.hasNext, !areSyncsScheduled else { return }
    areSyncsScheduled = true
    let shard = NIOLoopBound(self, eventLoop: eventLoop)
    eventLoop.execute { shard.value.sendSyncs() }
  }

  private func sendSyncs() {
    areSyncsScheduled = false
    while let batch = syncs.next(at: .now(), weight: { self[$0]?.syncWeight ?? 0 }) {
      let sessions = batch.entries.compactMap { self[$0.session]?.syncRequest(isNew: $0.isNew) }
      guard !sessions.isEmpty else {
        _ = syncs.answered(batch.number)
        continue
      }
      let command = LinkCommand.sync(sessions, batch: batch.number, for: index)
      // Any route will do; the number spreads them.
      if core.links.choose(for: "sync \(index) \(batch.number)")?.push(command) != true {
        syncs.failed(batch.number, isElsewherePossible: false)
      }
    }
  }

  func synced(_ found: [CimV1.SyncedSession], batch: UInt64) {
    guard let entries = syncs.answered(batch) else { return }
    let answers = Dictionary(found.map { ($0.session, $0) }, uniquingKeysWith: { first, _ in first })
    for entry in entries {
      guard let session = self[entry.session], let reference = session.reference else { continue }
      guard let answer = answers[reference] else {
        syncs.postpone(entry)
        continue
      }
      session.synced(answer.feeds, isNew: entry.isNew)
      if entry.isNew { session.tell(readMarks: answer.readMarks) }
      if answer.isUnknown { restate(entry.session) }
    }
    scheduleSyncs()
  }

  // MARK: Parts of logs

  /// Asks for a part of a log, once for all sessions that want it.
  func fetch(_ key: FetchKey, for session: UInt64) {
    fetches.add(key, for: session)
    sendFetches()
  }

  func sendFetches() {
    while let request = fetches.next(at: .now()) {
      if !core.pages.fetch(request, limit: core.configuration.pageSize, for: index) {
        fetches.failed(request, isElsewherePossible: false)
      }
    }
  }

  func take(_ page: FetchedPage, for request: FetchQueue.Request) {
    let (sessions, latecomers) = fetches.answered(request)
    for number in sessions { self[number]?.receive(page, for: request.key, isFresh: true) }
    for number in latecomers { self[number]?.receive(page, for: request.key, isFresh: false) }
    sendFetches()
  }

  // MARK: Acknowledgements

  /// A client has stored what it got: the routes are told, with others.
  func acknowledge(_ position: LogPosition, of conversation: String, by session: UInt64) {
    acks.add(position, of: conversation, by: session)
    scheduleAcks()
  }

  private func scheduleAcks() {
    guard !acks.isEmpty, !areAcksScheduled else { return }
    areAcksScheduled = true
    let shard = NIOLoopBound(self, eventLoop: eventLoop)
    eventLoop.scheduleTask(in: Self.acknowledgeAfter) { shard.value.sendAcks() }
  }

  /// Tells the routes how far clients have stored what they got.
  func sendAcks() {
    areAcksScheduled = false
    // Of a session that has gone since: the word is lost, and its messages come again with the next.
    let cursors = acks.takeAll().compactMap { cursor in
      self[cursor.session]?.reference.map { (cursor, (session: $0, cursor.conversation, cursor.position)) }
    }
    for index in core.links.acknowledge(cursors.map(\.1)) {
      let cursor = cursors[index].0
      acks.add(cursor.position, of: cursor.conversation, by: cursor.session)
    }
  }

  // MARK: Reading

  /// How many places up to which users have read are kept until they are passed on.
  private static let maxReads = 65_536

  /// A user has read up to a place: the routes are told, with others.
  ///
  /// - Returns: false when there are too many: it is not kept, and the client says it again.
  func hasRead(_ position: LogPosition, of conversation: String, by session: UInt64) -> Bool {
    guard reads.count < Self.maxReads else { return false }
    reads.add(position, of: conversation, by: session)
    scheduleReads()
    return true
  }

  private func scheduleReads() {
    guard !reads.isEmpty, !areReadsScheduled else { return }
    areReadsScheduled = true
    let shard = NIOLoopBound(self, eventLoop: eventLoop)
    eventLoop.scheduleTask(in: Self.acknowledgeAfter) { shard.value.sendReads() }
  }

  /// Tells the routes how far users have read.
  func sendReads() {
    areReadsScheduled = false
    let places = reads.takeAll().compactMap { place in
      self[place.session]?.reference.map { (place, (session: $0, place.conversation, place.position)) }
    }
    for index in core.links.hasRead(places.map(\.1)) {
      let place = places[index].0
      reads.add(place.position, of: place.conversation, by: place.session)
    }
  }

  // MARK: Looks

  /// Has a feed looked at later. Deadlines come in order: all wait equally long.
  func look(at conversation: String, of session: UInt64, at deadline: NIODeadline) {
    looks.append(Look(session: session, conversation: conversation, deadline: deadline))
    if looks.count == 1 { scheduleLook() }
  }

  private func scheduleLook() {
    guard let deadline = looks.first?.deadline else { return }
    let shard = NIOLoopBound(self, eventLoop: eventLoop)
    eventLoop.scheduleTask(deadline: deadline) { shard.value.lookAtFeeds() }
  }

  private func lookAtFeeds() {
    let now = NIODeadline.now()
    var due: [Look] = []
    while let look = looks.first, look.deadline <= now {
      due.append(look)
      looks.removeFirst()
    }
    // Before the feeds, which may add some.
    scheduleLook()
    for look in due { self[look.session]?.look(at: look.conversation, now: now) }
  }
}
