import CIMCore
import CIMProtos
import NIOCore
import Testing

@testable import CIMServer

/// The log of all these: 1 join, 2 text, 3 leave, 4 and 5 texts, 6 join, 7 text, 8 leave, 9 text.
@Suite("A session's feeds of groups that its user left")
struct StaysTests {
  private let me: UInt64 = 1
  private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
  private let patience = TimeAmount.milliseconds(50)
  private var log = TestLog("g:a")
  private var output = FeedOutput()
  private var feeds = SessionFeeds(
    limits: SessionFeeds.Limits(earlyBytes: 100_000, patience: .milliseconds(50)))

  init() {
    log.append(from: me, content: .membership(.joined))
    log.append(1)
    log.append(from: me, content: .membership(.left))
    log.append(2)
    log.append(from: me, content: .membership(.joined))
    log.append(1)
    log.append(from: me, content: .membership(.left))
    log.append(1)
  }

  private mutating func begin(in groups: Set<String> = []) { feeds.begin(for: me, in: groups) }

  private mutating func answer(
    after index: Int, tail: Int, isNew: Bool = true, _ absences: [(left: Int, joined: Int?)]
  ) {
    let feed = CimV1.Feed(
      conversation: "g:a", last: log.position(index).wire, tail: log.position(tail).wire,
      absences: absences.map { absence in
        CimV1.Absence(
          left: log.position(absence.left).wire, joined: absence.joined.flatMap { log.position($0).wire })
      })
    feeds.synchronise([feed], isNew: isNew, at: start, into: &output) { _, _ in }
  }

  private mutating func take(_ indices: Range<Int>, more: Bool = false, resetUntil until: Int? = nil) throws {
    let next = feeds.nextFetch()
    let key = try #require(next)
    let reset = until.map { CimV1.Reset(next: log.position($0 + 1).wire, until: log.position($0).wire) }
    let page = try log.page(indices, more: more, reset: reset)
    feeds.receive(page, for: key, isFresh: true, at: start, into: &output)
  }

  private mutating func receive(_ index: Int, isNamed: Bool = false) throws {
    feeds.receive(try log.entry(index), isNamed: isNamed, at: start, into: &output)
  }

  private mutating func patienceEnds() {
    feeds.look(at: "g:a", now: start + patience, into: &output)
  }

  private mutating func acknowledge(_ index: Int) -> Bool {
    feeds.acknowledge(log.position(index), of: "g:a")
  }

  private func told(_ indices: [Int]) -> Bool { output.told == indices.map(log.position) }

  // MARK: While away

  @Test("A stay that ended while the client was away is told to its end, and no further")
  mutating func ended() throws {
    begin()
    answer(after: 1, tail: 3, [(3, nil)])
    #expect(output.joined == ["g:a"])
    try take(2..<6, more: true)
    #expect(told([2, 3]))
    #expect(output.left == ["g:a"])
    #expect(feeds.nextFetch() == nil, "the rest of the log is not for the user")
  }

  @Test("The membership that a removal ends is that of whom it concerns, and a mute ends none")
  func removed() throws {
    var log = TestLog("g:a")
    log.append(from: 5, content: .membership(.removed), of: 8)
    log.append(from: 5, content: .membership(.removed), of: 7)
    log.append(from: 5, content: .membership(.muted), of: 7)
    log.append(from: 7, content: .membership(.left))
    let memberships = try (1...4).map { try log.entry($0).membership }
    #expect(
      memberships == [
        FramedEntry.Membership(user: 8, isJoin: false), FramedEntry.Membership(user: 7, isJoin: false), nil,
        FramedEntry.Membership(user: 7, isJoin: false),
      ])
  }

  @Test("Of two stays both are told, and nothing from between")
  mutating func two() throws {
    begin()
    answer(after: 0, tail: 8, [(3, 6), (8, nil)])
    try take(1..<5, more: true)
    try take(5..<10)
    #expect(told([1, 2, 3, 6, 7, 8]))
    #expect(output.left == ["g:a"])
  }

  @Test("A reset that jumps over the leave lets nothing pass that follows it", arguments: [3, 4])
  mutating func jump(until: Int) throws {
    begin(in: ["g:a"])
    answer(after: 1, tail: 9, [(3, 6)])
    try take((until + 1)..<8, resetUntil: until)
    #expect(told([until, 6, 7]))
  }

  @Test("A reset that jumps over the last leave ends the feed")
  mutating func jumpOut() throws {
    begin(in: ["g:a"])
    answer(after: 1, tail: 3, [(3, nil)])
    try take(5..<6, more: true, resetUntil: 4)
    #expect(told([4]))
    #expect(output.left == ["g:a"])
    #expect(acknowledge(4))
  }

  @Test("A reset that jumps over a leave that nobody told of lets nothing pass before the joining behind it")
  mutating func unknownLeave() throws {
    begin(in: ["g:a"])
    answer(after: 1, tail: 2, [])
    try take(2..<3)
    feeds.hear(of: log.position(7), in: "g:a", isNamed: false, at: start, into: &output)
    patienceEnds()
    try take(5..<8, resetUntil: 4)
    #expect(told([2, 4, 6, 7]))
  }

  // MARK: While connected

  @Test(
    "A leave that comes early, or while the feeds are paused, counts even if the log has lost it",
    arguments: [true, false])
  mutating func learned(isPaused: Bool) throws {
    begin(in: ["g:a"])
    answer(after: 1, tail: 1, [])
    if isPaused { feeds.pause() }
    try receive(3)
    if isPaused { feeds.resume(at: start, into: &output) } else { patienceEnds() }
    try take(5..<6, resetUntil: 4)
    #expect(told([4]))
    #expect(output.left == ["g:a"])
  }

  @Test("A joining that comes before the leave that it follows keeps the feed")
  mutating func joinFirst() throws {
    begin(in: ["g:a"])
    answer(after: 2, tail: 2, [])
    try receive(6, isNamed: true)
    try receive(3)
    #expect(output.left.isEmpty)
    patienceEnds()
    try take(4..<8)
    #expect(told([3, 6, 7]))
  }

  @Test("An answer that is older than the user's coming back does not end the feed")
  mutating func staleAnswer() throws {
    begin()
    try receive(6, isNamed: true)
    answer(after: 1, tail: 3, [(3, nil)])
    try take(2..<8)
    #expect(told([2, 3, 6, 7]))
    answer(after: 1, tail: 3, isNew: false, [(3, nil)])
    #expect(output.left.isEmpty)
  }

  @Test("A standing session is told of a stay that began and ended unheard")
  mutating func standing() throws {
    begin()
    feeds.synchronise([], isNew: true, at: start, into: &output) { _, _ in }
    answer(after: 0, tail: 3, isNew: false, [(3, nil)])
    patienceEnds()
    try take(1..<5)
    #expect(told([1, 2, 3]))
    #expect(output.left == ["g:a"])
  }

  // MARK: Afterwards

  @Test(
    "What the client has stored of a group is taken after it was told to its end, and then it is forgotten")
  mutating func acknowledging() throws {
    begin(in: ["g:a"])
    answer(after: 1, tail: 1, [])
    for index in [2, 3] { try receive(index) }
    #expect(output.left == ["g:a"])
    #expect(!acknowledge(4), "it was not passed on")
    #expect(acknowledge(2))
    #expect(acknowledge(3))
    #expect(!acknowledge(3), "no news")
  }

  @Test("A group that was told to its end is not told again while the client has not said that it stored it")
  mutating func notAgain() throws {
    begin(in: ["g:a"])
    answer(after: 1, tail: 1, [])
    for index in [2, 3] { try receive(index) }
    answer(after: 1, tail: 3, isNew: false, [(3, nil)])
    patienceEnds()
    #expect(feeds.nextFetch() == nil)
    #expect(told([2, 3]))
  }

  @Test("Who comes back gets the group from there on")
  mutating func rejoin() throws {
    begin(in: ["g:a"])
    answer(after: 1, tail: 1, [])
    for index in 2...5 { try receive(index) }
    try receive(6, isNamed: true)
    for index in 7...9 { try receive(index) }
    #expect(told([2, 3, 6, 7, 8]))
    #expect(output.joined == ["g:a"])
    #expect(output.left == ["g:a", "g:a"])
    #expect(acknowledge(8))
  }
}
