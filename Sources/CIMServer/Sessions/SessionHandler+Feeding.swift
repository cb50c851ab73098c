import CIMCore
import CIMProtos
import NIOCore
import NgRPC

/// What is said in the session's conversations, on its way to the client.
extension SessionHandler {
  /// From this much on a stream tells when it has been read: StreamHandler.
  static let outboundHighMark = 64 * 1024

  // MARK: Live

  /// An entry has come.
  func receive(_ entry: FramedEntry, isNamed: Bool) {
    feeds.receive(entry, isNamed: isNamed, at: .now(), into: &shard.output)
    carryOutFeeds()
  }

  /// A log reaches to a place.
  func hear(of position: LogPosition, in conversation: String, isNamed: Bool) {
    feeds.hear(of: position, in: conversation, isNamed: isNamed, at: .now(), into: &shard.output)
    carryOutFeeds()
  }

  /// The time of a look at a feed has come.
  func look(at conversation: String, now: NIODeadline) {
    feeds.look(at: conversation, now: now, into: &shard.output)
    carryOutFeeds()
  }

  /// A part of a log has come.
  func receive(_ page: FetchedPage, for key: FetchKey, isFresh: Bool) {
    feeds.receive(page, for: key, isFresh: isFresh, at: .now(), into: &shard.output)
    carryOutFeeds()
  }

  /// The client has stored what it got.
  func acknowledged(_ cursors: [CimV1.Cursor]) {
    for cursor in cursors {
      let position = LogPosition(cursor.position)
      guard feeds.acknowledge(position, of: cursor.conversation) else { continue }
      shard.acknowledge(position, of: cursor.conversation, by: number)
    }
  }

  // MARK: Synchronising

  /// How many places of conversations are said when a route is asked of the session.
  var syncWeight: Int { machine.cursors.count }

  /// What a route is asked of the session; nil while there is nothing to ask for.
  func syncRequest(isNew: Bool) -> CimV1.SyncSession? {
    guard machine.isOpen, let identity = machine.identity else { return nil }
    // What the client has stored since counts more than what it said first.
    return CimV1.SyncSession(
      session: identity.reference, isNew: isNew, cursors: isNew ? machine.cursors : [],
      conversations: feeds.isSynced ? feeds.unplaced : [])
  }

  /// A route has told what the session may have missed.
  func synced(_ found: [CimV1.Feed], isNew: Bool) {
    guard machine.isOpen else { return }
    if isNew { machine.dropCursors() }
    feeds.synchronise(found, isNew: isNew, at: .now(), into: &shard.output) { conversation, position in
      shard.acknowledge(position, of: conversation, by: number)
    }
    carryOutFeeds()
  }

  // MARK: Carrying out

  /// Does what the feeds want done.
  private func carryOutFeeds() {
    let (frames, counters) = (shard.output.frames.count, core.counters)
    for index in 0..<frames {
      switch shard.output.frames[index] {
      case .entry(let entry):
        stream.send(framed: entry.frame)
        counters.delivered.count()
      case .reset(let reset): stream.send(CimV1.ConnectResponse(frame: .reset(reset)))
      }
    }
    for (conversation, deadline) in shard.output.looks {
      shard.look(at: conversation, of: number, at: deadline)
    }
    for group in shard.output.joined { join(group) }
    for group in shard.output.left { leave(group) }
    if shard.output.needsSync { shard.sync(number, isNew: false) }
    if shard.output.doubles > 0 { counters.wireDoubles.count(shard.output.doubles) }
    if shard.output.holesFilled > 0 { counters.holesFilled.count(shard.output.holesFilled) }
    if shard.output.catchUps > 0 { counters.catchUps.count(shard.output.catchUps) }
    shard.output.removeAll()
    if frames > 0 { pauseIfSlow() }
    fetch()
  }

  /// Asks for what the feeds want, while little waits for the client.
  private func fetch() {
    while feeds.wantsFetch, stream.pendingBytes < Self.outboundHighMark, let key = feeds.nextFetch() {
      shard.fetch(key, for: number)
    }
  }

  private func pauseIfSlow() {
    guard !feeds.isPaused, stream.pendingBytes > core.configuration.outboundLimit else { return }
    feeds.pause()
    core.counters.pausedFeeds.count()
  }

  /// The client has read.
  func writable() {
    guard machine.isOpen else { return }
    if owesReadMarks { repeatReadMarks() }
    if feeds.isPaused {
      feeds.resume(at: .now(), into: &shard.output)
      carryOutFeeds()
    } else {
      fetch()
    }
  }

  // MARK: Groups

  private func join(_ group: String) {
    shard.members.add(number, to: group)
    // What was said before all routes knew of the member may have passed by.
    if core.links.join([group], waiter: .group(group)) { core.links.query(tailsOf: [group]) }
  }

  private func leave(_ group: String) {
    shard.members.remove(number, from: group)
    core.links.leave([group])
  }
}
