import CIMCore
import CIMProtos
import NIOCore

/// All feeds of one session: what it is told of each of its conversations, and what it must ask for.
///
/// Before the session is synchronised every feed waits for its place, and nothing is passed on.
struct SessionFeeds: Sendable {
  /// How much waits, and for how long.
  struct Limits: Sendable, Hashable {
    /// How many bytes of early entries are held for the session.
    var earlyBytes: Int
    /// How long what is missing may be on its way by itself.
    var patience: TimeAmount
    /// How many parts of logs are asked for at a time.
    var fetches = 2
  }

  private let limits: Limits
  /// Whose feeds they are; 0 until that is known.
  private(set) var user: UInt64 = 0
  private var feeds: [String: Feed] = [:]
  /// Groups that were told to their end, until the client has stored that.
  private var departed: [String: Feed.End] = [:]
  /// Feeds that need a part of their log, in the order of their turns.
  private var wanting: [String] = []
  private var fetches = 0
  private var earlyBytes = 0
  /// Whether it is known what the client had missed when it connected.
  private(set) var isSynced = false
  /// Whether nothing more is to be queued for the client.
  private(set) var isPaused = false

  init(limits: Limits) { self.limits = limits }

  /// The session's conversations are known; where the client stands in them is not.
  mutating func begin(for user: UInt64, in conversations: Set<String>) {
    self.user = user
    for conversation in conversations { feeds[conversation] = Feed() }
  }

  /// How many conversations there are.
  var count: Int { feeds.count }

  /// How far the client was told of a conversation.
  func last(of conversation: String) -> LogPosition? {
    feeds[conversation].flatMap { $0.isPlaced ? $0.last : nil }
  }

  /// Conversations in which it is not known where the client stands.
  var unplaced: [String] { feeds.filter { !$0.value.isPlaced }.map(\.key) }

  /// The conversations of many that the session is in: groups and the lobby.
  var shared: [String] { feeds.keys.filter { $0.isGroup || $0 == Conversation.lobby.description } }

  // MARK: Live

  /// An entry has come.
  ///
  /// - Parameter isNamed: whether it is for this session by name. Otherwise it is for the conversation's members.
  mutating func receive(
    _ entry: FramedEntry, isNamed: Bool, at now: NIODeadline, into output: inout FeedOutput
  ) {
    let conversation = entry.conversation
    if feeds[conversation] == nil, !makeFeed(for: entry, isNamed: isNamed, into: &output) { return }
    // Found once: this is done for every member of a conversation.
    guard let index = feeds.index(forKey: conversation) else { return }
    guard !isPaused else { return feeds.values[index].hear(of: entry, for: user) }
    switch feeds.values[index].receive(entry, for: user, room: limits.earlyBytes - earlyBytes) {
    case .next: output.frames.append(.entry(entry))
    case .double: output.doubles += 1
    case .held: earlyBytes += entry.byteCount
    case .skipped, .dropped: break
    }
    guard !feeds.values[index].isAtRest else { return }
    release(conversation, into: &output)
    settle(conversation, at: now, into: &output)
  }

  /// - Returns: whether there is a feed for the entry now.
  private mutating func makeFeed(
    for entry: FramedEntry, isNamed: Bool, into output: inout FeedOutput
  ) -> Bool {
    guard isNamed else { return false }
    if entry.conversation.isGroup {
      // The late echo of an earlier farewell.
      if entry.membership == FramedEntry.Membership(user: user, isJoin: false) { return false }
      output.joined.append(entry.conversation)
      departed[entry.conversation] = nil
      feeds[entry.conversation] = isSynced ? Feed(after: entry.previous) : Feed()
    } else if isSynced, entry.previous == .beginning {
      feeds[entry.conversation] = Feed(after: .beginning)
    } else {
      feeds[entry.conversation] = Feed()
      output.needsSync = isSynced
    }
    return true
  }

  /// A log reaches to a place.
  ///
  /// - Parameter isNamed: whether that is said to this session by name.
  mutating func hear(
    of position: LogPosition, in conversation: String, isNamed: Bool, at now: NIODeadline,
    into output: inout FeedOutput
  ) {
    if feeds[conversation] == nil {
      guard isNamed, !conversation.isGroup else { return }
      feeds[conversation] = Feed()
      output.needsSync = isSynced
    }
    feeds[conversation]?.hear(of: position)
    settle(conversation, at: now, into: &output)
  }

  /// The time of a look at a feed has come.
  mutating func look(at conversation: String, now: NIODeadline, into output: inout FeedOutput) {
    feeds[conversation]?.looked()
    settle(conversation, at: now, into: &output)
  }

  /// The client has stored what it got.
  ///
  /// - Returns: whether that is news, and no more than it got.
  mutating func acknowledge(_ position: LogPosition, of conversation: String) -> Bool {
    if let index = feeds.index(forKey: conversation) { return feeds.values[index].acknowledge(position) }
    guard let end = departed[conversation], position <= end.last else { return false }
    if position >= end.left { departed[conversation] = nil }
    return true
  }

  // MARK: Synchronising

  /// A route has told what the client may have missed.
  ///
  /// - Parameters:
  ///   - isNew: whether the route was asked for all that is known of the device.
  ///   - reacknowledge: called for what the client had stored and the route does not know.
  mutating func synchronise(
    _ found: [CimV1.Feed], isNew: Bool, at now: NIODeadline, into output: inout FeedOutput,
    reacknowledge: (String, LogPosition) -> Void
  ) {
    let wasSynced = isSynced
    if isNew { isSynced = true }
    for found in found {
      let conversation = found.conversation
      if let feed = feeds[conversation] {
        let stored = LogPosition(found.last)
        if feed.isPlaced, stored < feed.acknowledged { reacknowledge(conversation, feed.acknowledged) }
      } else {
        // It was told to its end, and the client has not said yet that it has stored that.
        if let end = departed[conversation], end.left >= LogPosition(found.tail) { continue }
        // A group is named only to who has a part in it: the word of the joining was lost.
        if conversation.isGroup {
          departed[conversation] = nil
          output.joined.append(conversation)
        }
        feeds[conversation] = Feed()
      }
      feeds[conversation]?.place(
        after: LogPosition(found.last), tail: LogPosition(found.tail), absences: Absences(found.absences),
        for: user, isLate: isNew && !wasSynced)
      release(conversation, into: &output)
      settle(conversation, at: now, into: &output)
    }
    if isNew { settleUnplaced(at: now, into: &output) }
  }

  /// What the route did not name although it was asked for all.
  private mutating func settleUnplaced(at now: NIODeadline, into output: inout FeedOutput) {
    for conversation in unplaced {
      if let join = feeds[conversation]?.earlyJoin(of: user) {
        // Younger than the answer.
        feeds[conversation]?.place(
          after: join.previous, tail: join.position, absences: Absences(), for: user, isLate: false)
        release(conversation, into: &output)
        settle(conversation, at: now, into: &output)
      } else if conversation.isGroup {
        close(conversation, into: &output)
      } else {
        output.needsSync = true
      }
    }
  }

  // MARK: Fetching

  /// Whether there is a part of a log to ask for.
  var wantsFetch: Bool { !wanting.isEmpty && !isPaused && fetches < limits.fetches }

  /// The next part of a log to ask for; call it until it is nil, whenever little waits for the client.
  mutating func nextFetch() -> FetchKey? {
    guard !isPaused, fetches < limits.fetches else { return nil }
    while !wanting.isEmpty {
      let conversation = wanting.removeFirst()
      guard let feed = feeds[conversation] else { continue }
      fetches += 1
      feeds[conversation]?.beginFetch()
      return FetchKey(conversation: conversation, after: feed.last, isLate: feed.isLate)
    }
    return nil
  }

  /// A part of a log has come that was asked for.
  ///
  /// - Parameter isFresh: whether the log was read after this session asked for it.
  mutating func receive(
    _ page: FetchedPage, for key: FetchKey, isFresh: Bool, at now: NIODeadline, into output: inout FeedOutput
  ) {
    fetches = max(0, fetches - 1)
    let conversation = key.conversation
    guard feeds[conversation] != nil else { return }
    guard !isPaused else {
      feeds[conversation]?.cancelFetch()
      return
    }
    let before = output.frames.count
    let isHole = feeds[conversation]?.fillsHole == true
    let until = page.reset.map { LogPosition($0.until) }
    if feeds[conversation]?.begin(
      pageAfter: key.after, resetUntil: until, comeback: page.comeback(of: user)) == true,
      let reset = page.reset
    {
      output.frames.append(
        .reset(
          CimV1.Reset(
            conversation: conversation, after: key.after.wire, next: reset.next, until: reset.until)))
    }
    // No room: what does not follow is fetched again, and not kept.
    for entry in page.entries
    where feeds[conversation]?.receive(entry, for: user, room: 0) == .next {
      output.frames.append(.entry(entry))
    }
    if key.isLate { output.catchUps += 1 }
    if isHole, output.frames.count > before { output.holesFilled += 1 }
    release(conversation, into: &output)
    // A page that brings nothing is not asked for again at once.
    let hasMore = page.more && (!page.entries.isEmpty || page.reset != nil)
    let held = feeds[conversation]?.earlyBytes ?? 0
    feeds[conversation]?.end(pageWithMore: hasMore, isFresh: isFresh)
    earlyBytes -= held - (feeds[conversation]?.earlyBytes ?? 0)
    settle(conversation, at: now, into: &output)
  }

  // MARK: Slow clients

  /// Too much waits for the client: from now on nothing more is queued, and what was held is let go.
  mutating func pause() {
    isPaused = true
    for conversation in feeds.keys { feeds[conversation]?.dropEarly() }
    earlyBytes = 0
  }

  /// The client has read: what it lacks is fetched.
  mutating func resume(at now: NIODeadline, into output: inout FeedOutput) {
    isPaused = false
    for conversation in Array(feeds.keys) {
      feeds[conversation]?.giveUpWaiting()
      settle(conversation, at: now, into: &output)
    }
    if isSynced, !unplaced.isEmpty { output.needsSync = true }
  }

  // MARK: Within

  /// Passes on what was held and is next.
  private mutating func release(_ conversation: String, into output: inout FeedOutput) {
    let held = feeds[conversation]?.earlyBytes ?? 0
    while let (entry, isForClient) = feeds[conversation]?.release(for: user) {
      if isForClient { output.frames.append(.entry(entry)) }
    }
    earlyBytes -= held - (feeds[conversation]?.earlyBytes ?? 0)
  }

  private mutating func settle(_ conversation: String, at now: NIODeadline, into output: inout FeedOutput) {
    guard !isPaused else { return }
    // The log goes on without its user: no need to read on.
    if feeds[conversation]?.isOver == true { return close(conversation, into: &output) }
    switch feeds[conversation]?.demand(at: now, patience: limits.patience) {
    case .look(let deadline): output.looks.append((conversation, deadline))
    case .fetch: wanting.append(conversation)
    case .nothing, nil: break
    }
  }

  private mutating func close(_ conversation: String, into output: inout FeedOutput) {
    guard let feed = feeds.removeValue(forKey: conversation) else { return }
    earlyBytes -= feed.earlyBytes
    departed[conversation] = feed.unacknowledgedEnd
    wanting.removeAll { $0 == conversation }
    output.left.append(conversation)
  }
}

extension String {
  /// Whether the conversation of that name has members who come and go.
  var isGroup: Bool { utf8.starts(with: "g:".utf8) }
}
