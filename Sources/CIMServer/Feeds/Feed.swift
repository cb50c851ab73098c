import CIMCore
import NIOCore

/// How far one client has been told of one conversation, and what it still has to be told.
///
/// Only the entry that names `last` as the one before it is passed on, so nothing is ever skipped. What comes early is held for
/// a moment: the messages before it may be on their way over another link. When they do not come they are fetched from the log.
///
/// A feed whose place is not known passes nothing on until it is placed. An idle feed is its own 80 bytes and no more.
struct Feed: Sendable {
  /// What an entry that has come is to the feed.
  enum Arrival: Sendable, Hashable {
    /// It is the next: pass it on, then look whether held ones follow.
    case next
    /// It is the next and not for this client, which was out of the group then.
    case skipped
    /// It was passed on before.
    case double
    /// It is kept until what is before it has come.
    case held
    /// It is too early and there is no room: it will be fetched.
    case dropped
  }

  /// What there is to do about what is missing.
  enum Demand: Sendable, Hashable {
    /// Nothing is missing, or it is being seen to.
    case nothing
    /// See at that time whether it is still missing.
    case look(at: NIODeadline)
    /// Ask for what follows `last`.
    case fetch
  }

  /// All up to here was passed on.
  private(set) var last = LogPosition.beginning
  /// The client has stored all up to here.
  private(set) var acknowledged = LogPosition.beginning
  /// The log reaches at least to here.
  private var heard = LogPosition.beginning
  /// What came early, by position.
  private var early: [FramedEntry] = []
  /// Until when what is missing may come by itself.
  private var waitsUntil = NIODeadline.distantFuture
  /// When the user was out of the group.
  private var absences = Absences()

  /// Whether it is known how far the client is.
  private(set) var isPlaced = false
  /// Whether a fetch is under way, or waits for its turn.
  private(set) var isFetching = false
  /// Whether the client was away when what is fetched first was said.
  private(set) var isLate = false
  /// Whether somebody looks at the feed when it has waited.
  private var isWatched = false
  /// Whether what is fetched should have come by itself.
  private(set) var fillsHole = false
  /// Whether the log differs for certain, so that waiting is of no use.
  private var isKnownBehind = false
  /// Whether more was heard of while a fetch was under way.
  private var hasHeardMore = false

  /// A feed whose place is to be told.
  init() {}

  /// A feed from `last` on.
  init(after last: LogPosition) {
    self.last = last
    acknowledged = last
    heard = last
    isPlaced = true
  }

  /// Whether the client lacks something.
  var isBehind: Bool { isPlaced && (isKnownBehind || heard > last) }

  /// Whether nothing is to be done: all that is known of was passed on.
  var isAtRest: Bool { isPlaced && !isBehind && early.isEmpty && absences.isEmpty }

  /// Whether nothing more is for the client: its user has left, and it was told of all until then.
  var isOver: Bool { isPlaced && !isFetching && !absences.isEmpty && absences.end(at: last) != nil }

  /// How a feed that is over ended.
  struct End: Sendable, Hashable {
    /// Where the user left.
    let left: LogPosition
    /// All up to here was passed on, or is not for the client.
    let last: LogPosition
  }

  /// Of a feed that is over, its end; nil when the client has stored that.
  var unacknowledgedEnd: End? {
    guard isPlaced, let left = absences.end(at: last), acknowledged < left else { return nil }
    return End(left: left, last: last)
  }

  /// How many bytes of entries are held.
  var earlyBytes: Int { early.reduce(0) { $0 + $1.byteCount } }

  /// The entry among the held ones with which the user came into the group.
  func earlyJoin(of user: UInt64) -> FramedEntry? {
    early.first { $0.membership == FramedEntry.Membership(user: user, isJoin: true) }
  }

  // MARK: What comes

  /// An entry has come.
  ///
  /// - Parameters:
  ///   - user: whose feed it is.
  ///   - room: how many bytes may be held in addition.
  mutating func receive(_ entry: FramedEntry, for user: UInt64, room: Int) -> Arrival {
    guard isPlaced else { return hold(entry, for: user, room: room) }
    guard entry.position > last else { return .double }
    guard entry.previous == last else { return hold(entry, for: user, room: room) }
    return advance(past: entry, for: user) ? .next : .skipped
  }

  /// An entry has come that can't be held: only what it says of the user's membership is kept.
  mutating func hear(of entry: FramedEntry, for user: UInt64) {
    hear(of: entry.position)
    learn(entry, for: user)
  }

  /// What an entry ahead says of the user's membership is known from now on, even if the log can't give it again.
  private mutating func learn(_ entry: FramedEntry, for user: UInt64) {
    guard let membership = entry.membership, membership.user == user, !isPlaced || entry.position > last
    else { return }
    absences.learn(entry.position, isJoin: membership.isJoin)
    if !membership.isJoin { recallJoins(of: user) }
  }

  /// A join that is held may have come before it was known what it ends.
  private mutating func recallJoins(of user: UInt64) {
    for entry in early where entry.membership == FramedEntry.Membership(user: user, isJoin: true) {
      absences.learn(entry.position, isJoin: true)
    }
  }

  /// The log reaches to a place.
  mutating func hear(of position: LogPosition) {
    guard position > heard else { return }
    heard = position
    hasHeardMore = true
  }

  /// Takes the next entry that was held, if what is before it has come.
  ///
  /// - Returns: the entry, and whether it is for the client.
  mutating func release(for user: UInt64) -> (entry: FramedEntry, isForClient: Bool)? {
    guard isPlaced else { return nil }
    while let entry = early.first {
      guard entry.previous == last || entry.position <= last else { return nil }
      early.removeFirst()
      // A page was faster.
      guard entry.previous == last else { continue }
      return (entry, advance(past: entry, for: user))
    }
    return nil
  }

  private mutating func advance(past entry: FramedEntry, for user: UInt64) -> Bool {
    last = entry.position
    heard = max(heard, last)
    // What is missing now is another hole.
    waitsUntil = .distantFuture
    guard let membership = entry.membership, membership.user == user else {
      return absences.isEmpty || !absences.covers(last)
    }
    if membership.isJoin {
      absences.end(with: last)
    } else {
      absences.learn(last, isJoin: false)
      recallJoins(of: user)
    }
    return true
  }

  private mutating func hold(_ entry: FramedEntry, for user: UInt64, room: Int) -> Arrival {
    hear(of: entry, for: user)
    let index = early.firstIndex { $0.position >= entry.position } ?? early.endIndex
    if index < early.endIndex, early[index].position == entry.position { return .double }
    guard early.count < Self.maxEarly, entry.byteCount <= room else { return .dropped }
    early.insert(entry, at: index)
    return .held
  }

  /// How many entries are held.
  private static let maxEarly = 64

  /// Lets go of what is held: it is fetched when the feed goes on.
  mutating func dropEarly() { early = [] }

  // MARK: Where the client is

  /// It is known how far the client is, and how far the log reaches.
  ///
  /// - Parameters:
  ///   - known: when the user was out of the group.
  ///   - user: whose feed it is.
  ///   - isLate: whether the client was away.
  mutating func place(
    after last: LogPosition, tail: LogPosition, absences known: Absences, for user: UInt64, isLate: Bool
  ) {
    defer { if !absences.isEmpty { recallJoins(of: user) } }
    guard !isPlaced else {
      // What is told of the time before may be older than what has come since.
      absences.merge(known, from: self.last)
      return hear(of: tail)
    }
    let early = absences
    absences = known
    absences.merge(early, from: .beginning)
    absences.forget(upTo: last)
    self.last = last
    acknowledged = last
    isPlaced = true
    self.isLate = isLate
    heard = max(heard, tail)
    if tail > last { waitsUntil = Self.noMore }
    // The log has lost its end: a page tells what became of it.
    isKnownBehind = tail < last
  }

  /// The client has stored all up to a place.
  ///
  /// - Returns: whether that is news, and right: it was passed on.
  mutating func acknowledge(_ position: LogPosition) -> Bool {
    guard isPlaced, position <= last, position > acknowledged else { return false }
    acknowledged = position
    return true
  }

  // MARK: Holes

  /// What is to be done now about what is missing.
  ///
  /// - Parameter patience: how long what is missing may be on its way.
  mutating func demand(at now: NIODeadline, patience: TimeAmount) -> Demand {
    guard isBehind, !isFetching else {
      if !isBehind {
        waitsUntil = .distantFuture
        isLate = false
      }
      return .nothing
    }
    if isKnownBehind || now >= waitsUntil {
      isFetching = true
      fillsHole = !isKnownBehind && waitsUntil > Self.noMore
      return .fetch
    }
    if waitsUntil == .distantFuture { waitsUntil = now + patience }
    guard !isWatched else { return .nothing }
    isWatched = true
    return .look(at: waitsUntil)
  }

  /// The time of a look has come.
  mutating func looked() { isWatched = false }

  /// What is missing will not come by itself.
  mutating func giveUpWaiting() { if isBehind { waitsUntil = Self.noMore } }

  /// Of `waitsUntil`: there is nothing to wait for.
  private static let noMore = NIODeadline.uptimeNanoseconds(0)

  /// The fetch goes out now.
  mutating func beginFetch() { hasHeardMore = false }

  /// A page has come that can't be used now.
  mutating func cancelFetch() { isFetching = false }

  /// A page begins to be read.
  ///
  /// - Parameters:
  ///   - after: the place after which it was asked for.
  ///   - until: when something can't be had, the last place that is missing.
  ///   - comeback: where the user joins, if that is what the page says first of its membership.
  /// - Returns: whether the client must be told of what can't be had. If messages came by themselves meanwhile, it must not.
  mutating func begin(
    pageAfter after: LogPosition, resetUntil until: LogPosition?, comeback: LogPosition?
  ) -> Bool {
    isFetching = false
    isLate = false
    guard let until, last == after else { return false }
    last = until
    // The leave before it is among what is missing.
    if let comeback { absences.learn(from: until, to: comeback) }
    absences.forget(upTo: until)
    return true
  }

  /// A page has been read, and what was held and follows it was released.
  ///
  /// - Parameters:
  ///   - hasMore: whether more follows in the log.
  ///   - isFresh: whether the log was read after the fetch began.
  mutating func end(pageWithMore hasMore: Bool, isFresh: Bool) {
    isKnownBehind = hasMore
    waitsUntil = .distantFuture
    guard !hasMore, !hasHeardMore, isFresh else { return }
    // The log ends here: what else was heard of was lost with a part of the log.
    heard = last
    early = []
  }
}
