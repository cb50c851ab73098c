import CIMCore
import CIMProtos
import NIOCore
import Testing

@testable import CIMServer

@Suite("A session's feeds")
struct SessionFeedsTests {
  private let me: UInt64 = 1
  private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
  private let patience = TimeAmount.milliseconds(50)
  private var log = TestLog()
  private var output = FeedOutput()
  private var feeds = SessionFeeds(
    limits: SessionFeeds.Limits(earlyBytes: 100_000, patience: .milliseconds(50)))

  init() { log.append(10) }

  /// The lobby's feed stands after the entry at an index, and the log reaches as far.
  private mutating func sync(after index: Int, tail: Int? = nil) {
    feeds.begin(for: me, in: ["lobby"])
    answer("lobby", after: index, tail: tail ?? index)
    output.removeAll()
  }

  private mutating func answer(_ conversation: String, after index: Int, tail: Int, isNew: Bool = true) {
    let feed = CimV1.Feed(
      conversation: conversation, last: log.position(index).wire, tail: log.position(tail).wire)
    feeds.synchronise([feed], isNew: isNew, at: start, into: &output) { _, _ in }
  }

  private mutating func receive(_ index: Int, isNamed: Bool = false, at now: NIODeadline? = nil) throws {
    feeds.receive(try log.entry(index), isNamed: isNamed, at: now ?? start, into: &output)
  }

  private mutating func take(
    _ page: FetchedPage, _ key: FetchKey?, isFresh: Bool = true, at now: NIODeadline? = nil
  ) throws {
    feeds.receive(page, for: try #require(key), isFresh: isFresh, at: now ?? start, into: &output)
  }

  private mutating func acknowledge(_ index: Int, of conversation: String = "lobby") -> Bool {
    feeds.acknowledge(log.position(index), of: conversation)
  }

  private func positions(_ indices: ClosedRange<Int>) -> [LogPosition] { indices.map(log.position) }

  // MARK: Order

  @Test("What comes in order is passed on at once")
  mutating func inOrder() throws {
    sync(after: 2)
    for index in 3...6 { try receive(index) }
    #expect(output.told == positions(3...6))
    #expect(output.looks.isEmpty)
    #expect(feeds.nextFetch() == nil)
  }

  @Test("What comes early is held until what is before it has come")
  mutating func early() throws {
    sync(after: 2)
    for index in [5, 4] { try receive(index) }
    #expect(output.told == [])
    try receive(3)
    #expect(output.told == positions(3...5))
    #expect(feeds.nextFetch() == nil)
  }

  @Test("A hole is looked at after its time, and then fetched, once")
  mutating func hole() throws {
    sync(after: 2)
    try receive(4)
    #expect(output.looks.map(\.at) == [start + patience])
    try receive(5)
    #expect(output.looks.count == 1, "one look is enough")
    feeds.look(at: "lobby", now: start + patience, into: &output)
    let key = feeds.nextFetch()
    #expect(key == FetchKey(conversation: "lobby", after: log.position(2), isLate: false))
    #expect(feeds.nextFetch() == nil)
    try take(log.page(3..<6), key)
    #expect(output.told == positions(3...5))
    #expect(output.holesFilled == 1)
    #expect(output.doubles == 0, "a page that repeats what was held is no double")
    #expect(feeds.nextFetch() == nil)
  }

  @Test("A hole that closes by itself is not fetched, and the next one has its own time")
  mutating func closedHole() throws {
    sync(after: 2)
    try receive(4)
    let later = start + .milliseconds(30)
    try receive(3, at: later)
    try receive(6, at: later)
    feeds.look(at: "lobby", now: start + patience, into: &output)
    #expect(feeds.nextFetch() == nil)
    #expect(output.looks.map(\.at) == [start + patience, later + patience])
    feeds.look(at: "lobby", now: later + patience, into: &output)
    #expect(feeds.nextFetch()?.after == log.position(4))
  }

  @Test("What was passed on before is dropped and counted")
  mutating func doubles() throws {
    sync(after: 2)
    for index in [3, 3, 2, 1, 5, 5] { try receive(index) }
    #expect(output.told == positions(3...3))
    #expect(output.doubles == 4)
  }

  @Test("An entry of a later epoch follows the one that it names")
  mutating func epochs() throws {
    log.beginEpoch()
    log.append(2)
    sync(after: 10)
    try receive(12)
    try receive(11)
    #expect(output.told == positions(11...12))
  }

  @Test("A message that passed by is heard of by the log's length")
  mutating func tails() throws {
    sync(after: 2)
    feeds.hear(of: log.position(4), in: "lobby", isNamed: false, at: start, into: &output)
    #expect(feeds.nextFetch() == nil, "it may be on its way")
    feeds.look(at: "lobby", now: start + patience, into: &output)
    let key = feeds.nextFetch()
    #expect(key?.after == log.position(2))
    try take(log.page(3..<5), key)
    #expect(output.told == positions(3...4))
    feeds.hear(of: log.position(4), in: "lobby", isNamed: false, at: start, into: &output)
    #expect(output.looks.count == 1)
  }

  // MARK: Bounds

  @Test("What there is no room for is fetched again")
  mutating func noRoom() throws {
    let bytes = try log.entry(4).byteCount
    feeds = SessionFeeds(limits: SessionFeeds.Limits(earlyBytes: 2 * bytes, patience: patience))
    sync(after: 2)
    for index in 4...8 { try receive(index) }
    try receive(3)
    #expect(output.told == positions(3...5), "two were held")
    feeds.look(at: "lobby", now: start + patience + patience, into: &output)
    let key = feeds.nextFetch()
    #expect(key?.after == log.position(5))
    try take(log.page(6..<9), key)
    #expect(output.told == positions(3...8))
    output.removeAll()
    // The room was given back.
    for index in [10, 9] { try receive(index) }
    #expect(output.told == positions(9...10))
  }

  @Test("An idle feed is small")
  func size() { #expect(MemoryLayout<Feed>.stride <= 80) }

  // MARK: Connecting

  @Test(
    "Nothing is passed on before it is known where the client stands; then pages come before what came live")
  mutating func late() throws {
    feeds.begin(for: me, in: ["lobby"])
    try receive(9)
    try receive(10)
    #expect(output.told == [])
    #expect(feeds.nextFetch() == nil)
    answer("lobby", after: 2, tail: 8)
    let first = feeds.nextFetch()
    #expect(first == FetchKey(conversation: "lobby", after: log.position(2), isLate: true))
    try take(log.page(3..<6, more: true), first)
    let second = feeds.nextFetch()
    #expect(second == FetchKey(conversation: "lobby", after: log.position(5), isLate: false))
    try take(log.page(6..<9), second)
    #expect(output.told == positions(3...10))
    #expect(output.catchUps == 1)
    #expect(output.holesFilled == 0)
    #expect(feeds.nextFetch() == nil)
  }

  @Test("A client that has missed nothing gets what came while that was asked")
  mutating func upToDate() throws {
    feeds.begin(for: me, in: ["lobby"])
    try receive(3)
    try receive(4)
    answer("lobby", after: 2, tail: 4)
    #expect(output.told == positions(3...4))
    #expect(feeds.nextFetch() == nil)
  }

  @Test("A client that has more than the log asks what became of it")
  mutating func logWentBack() throws {
    sync(after: 10, tail: 8)
    #expect(feeds.nextFetch() == FetchKey(conversation: "lobby", after: log.position(10), isLate: true))
  }

  @Test("The answer of a page's missing part is told first, and the feed goes on behind it")
  mutating func reset() throws {
    sync(after: 2, tail: 10)
    let key = feeds.nextFetch()
    let reset = CimV1.Reset(next: log.position(9).wire, until: log.position(8).wire)
    try take(log.page(9..<11, reset: reset), key)
    #expect(output.told == positions(8...10))
    guard case .reset(let told) = output.frames.first else {
      Issue.record("the reset is not the first")
      return
    }
    #expect(told.after == log.position(2).wire)
    #expect(told.conversation == "lobby")
    #expect(feeds.nextFetch() == nil)
  }

  @Test("A log that has lost its end, and has begun anew, goes on behind the last place that it shares")
  mutating func rollback() throws {
    sync(after: 10)
    log.beginEpoch(losing: 2)
    log.append(2)
    try receive(9)
    feeds.look(at: "lobby", now: start + patience, into: &output)
    let key = feeds.nextFetch()
    let reset = CimV1.Reset(next: log.position(9).wire, until: log.position(8).wire)
    try take(log.page(9..<11, reset: reset), key)
    #expect(output.told == positions(8...10))
    #expect(output.hasReset)
    #expect(feeds.last(of: "lobby") == log.position(10))
  }

  @Test("A page that messages have overtaken tells nothing twice, and no reset")
  mutating func overtaken() throws {
    sync(after: 2)
    try receive(4)
    feeds.look(at: "lobby", now: start + patience, into: &output)
    let key = feeds.nextFetch()
    for index in [3, 5] { try receive(index) }
    let reset = CimV1.Reset(next: log.position(5).wire, until: log.position(4).wire)
    try take(log.page(5..<7, reset: reset), key)
    #expect(output.told == positions(3...6))
    #expect(!output.hasReset)
  }

  @Test("What was heard of and is not in the log any more is not waited for")
  mutating func lostTail() throws {
    sync(after: 2)
    feeds.hear(of: LogPosition(epoch: 1, seq: 99), in: "lobby", isNamed: false, at: start, into: &output)
    feeds.look(at: "lobby", now: start + patience, into: &output)
    let next = feeds.nextFetch()
    try take(log.page(3..<4), next)
    #expect(feeds.nextFetch() == nil)
    output.removeAll()
    try receive(4)
    #expect(output.told == positions(4...4))
    #expect(output.looks.isEmpty)
  }

  @Test("A page that was read before something was heard of says nothing about that")
  mutating func olderPage() throws {
    sync(after: 2)
    try receive(4)
    feeds.look(at: "lobby", now: start + patience, into: &output)
    let key = feeds.nextFetch()
    try take(log.page(3..<3), key, isFresh: false)
    #expect(output.looks.count == 2, "it goes on looking")
    let later = start + patience + patience
    feeds.look(at: "lobby", now: later, into: &output)
    let next = feeds.nextFetch()
    try take(log.page(3..<5), next, at: later)
    #expect(output.told == positions(3...4))
  }

  @Test("What is said while a page is read is asked for again, when it does not come")
  mutating func heardMeanwhile() throws {
    sync(after: 2)
    try receive(4)
    feeds.look(at: "lobby", now: start + patience, into: &output)
    let key = feeds.nextFetch()
    feeds.hear(of: log.position(6), in: "lobby", isNamed: false, at: start, into: &output)
    try take(log.page(3..<5), key)
    feeds.look(at: "lobby", now: start + patience + patience, into: &output)
    #expect(feeds.nextFetch()?.after == log.position(4))
  }

  // MARK: Private conversations

  @Test(
    "The first message of a private conversation begins its feed; a later one asks where the client stands")
  mutating func privateFeeds() throws {
    sync(after: 10)
    log = TestLog("p:1:9")
    log.append(3)
    try receive(1, isNamed: true)
    #expect(output.told == positions(1...1))
    log = TestLog("p:1:8")
    log.append(3)
    try receive(3, isNamed: true)
    #expect(output.told.count == 1, "no guess")
    #expect(output.needsSync)
    #expect(feeds.unplaced == ["p:1:8"])
    answer("p:1:8", after: 1, tail: 3, isNew: false)
    let next = feeds.nextFetch()
    try take(log.page(2..<4), next)
    #expect(Array(output.told.dropFirst()) == positions(2...3))
  }

  @Test("A private message before the answer waits for it, and is asked for when the answer does not name it")
  mutating func privateEarly() throws {
    feeds.begin(for: me, in: [])
    log = TestLog("p:1:9")
    log.append(3)
    try receive(1, isNamed: true)
    try receive(2, isNamed: true)
    #expect(output.told == [])
    feeds.synchronise([], isNew: true, at: start, into: &output) { _, _ in }
    #expect(output.needsSync)
    answer("p:1:9", after: 0, tail: 2, isNew: false)
    #expect(output.told == positions(1...2))
  }

  // MARK: Groups

  @Test("Who joins a group gets it from there on; who leaves gets that, and no more")
  mutating func membership() throws {
    sync(after: 10)
    log = TestLog("g:a")
    log.append(2)
    log.append(from: me, content: .membership(.joined))
    log.append(1)
    log.append(from: 5, content: .membership(.left))
    log.append(from: me, content: .membership(.left))
    log.append(1)
    try receive(2)
    #expect(output.told == [])
    try receive(3, isNamed: true)
    #expect(output.joined == ["g:a"])
    for index in 4...6 { try receive(index) }
    #expect(output.left == ["g:a"])
    try receive(7)
    try receive(6, isNamed: true)
    #expect(output.told == positions(3...6))
    #expect(output.joined == ["g:a"])
  }

  @Test("What was said between leaving and joining again is left out, also of a page")
  mutating func rejoin() throws {
    sync(after: 10)
    log = TestLog("g:a")
    log.append(from: me, content: .membership(.joined))
    log.append(from: me, content: .membership(.left))
    log.append(2)
    log.append(from: me, content: .membership(.joined))
    log.append(1)
    try receive(1, isNamed: true)
    try receive(6)
    feeds.look(at: "g:a", now: start + patience, into: &output)
    let next = feeds.nextFetch()
    try take(log.page(2..<7), next)
    #expect(output.told == [1, 2, 5, 6].map(log.position))
    #expect(output.left.isEmpty)
  }

  @Test("A group that the answer does not name was left meanwhile, unless its user has just come back")
  mutating func notNamed() throws {
    feeds.begin(for: me, in: ["g:a", "g:b"])
    log = TestLog("g:b")
    log.append(3)
    log.append(from: me, content: .membership(.joined))
    try receive(4, isNamed: true)
    feeds.synchronise([], isNew: true, at: start, into: &output) { _, _ in }
    #expect(output.left == ["g:a"])
    #expect(output.told == positions(4...4))
  }

  @Test("A group that the answer names is joined")
  mutating func named() {
    sync(after: 10)
    log = TestLog("g:a")
    log.append(3)
    answer("g:a", after: 1, tail: 3, isNew: false)
    #expect(output.joined == ["g:a"])
    #expect(feeds.nextFetch()?.after == log.position(1))
  }

  // MARK: Slow clients

  @Test("Paused feeds pass nothing on and hold nothing; resumed ones fetch what they lack")
  mutating func paused() throws {
    sync(after: 2)
    try receive(4)
    feeds.pause()
    for index in 3...7 { try receive(index) }
    #expect(output.told == [])
    feeds.look(at: "lobby", now: start + patience, into: &output)
    #expect(feeds.nextFetch() == nil)
    feeds.resume(at: start, into: &output)
    let key = feeds.nextFetch()
    #expect(key == FetchKey(conversation: "lobby", after: log.position(2), isLate: false))
    try receive(8)
    try take(log.page(3..<8), key)
    #expect(output.told == positions(3...8))
    #expect(output.holesFilled == 0)
  }

  @Test("A page that comes for paused feeds is asked for again")
  mutating func pausedPage() throws {
    sync(after: 2, tail: 6)
    let key = feeds.nextFetch()
    feeds.pause()
    try take(log.page(3..<7), key)
    #expect(output.told == [])
    feeds.resume(at: start, into: &output)
    let next = feeds.nextFetch()
    try take(log.page(3..<7), next)
    #expect(output.told == positions(3...6))
  }

  @Test("Several conversations take turns")
  mutating func turns() throws {
    feeds.begin(for: me, in: ["lobby", "g:a", "g:b"])
    let found = ["lobby", "g:a", "g:b"].map {
      CimV1.Feed(conversation: $0, last: log.position(2).wire, tail: log.position(9).wire)
    }
    feeds.synchronise(found, isNew: true, at: start, into: &output) { _, _ in }
    let first = feeds.nextFetch()
    #expect(first?.conversation == "lobby")
    #expect(feeds.nextFetch()?.conversation == "g:a")
    #expect(feeds.nextFetch() == nil, "two at a time")
    try take(log.page(3..<5, more: true), first)
    #expect(feeds.nextFetch()?.conversation == "g:b", "before the lobby's second page")
  }

  // MARK: Acknowledgements

  @Test("Nothing is taken as stored that was not passed on")
  mutating func acknowledging() throws {
    sync(after: 2)
    try receive(3)
    try receive(5)
    #expect(!acknowledge(5))
    #expect(acknowledge(3))
    #expect(!acknowledge(3), "no news")
    #expect(!acknowledge(3, of: "g:a"))
  }

  @Test("What the client has stored and the route does not know is told again")
  mutating func reacknowledging() throws {
    sync(after: 2)
    try receive(3)
    _ = feeds.acknowledge(log.position(3), of: "lobby")
    var told: [LogPosition] = []
    for stored in [2, 3] {
      let feed = CimV1.Feed(
        conversation: "lobby", last: log.position(stored).wire, tail: log.position(3).wire)
      feeds.synchronise([feed], isNew: false, at: start, into: &output) { told.append($1) }
    }
    #expect(told == [log.position(3)])
  }
}
