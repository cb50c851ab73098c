import CIMCore
import CIMProtos
import Testing

@testable import CIMClient

@Suite("What a client knows to be read") struct ReadMarksTests {
  private let pair = Conversation.direct(between: UserID(1), and: UserID(2))

  private func position(_ seq: UInt64) -> LogPosition { LogPosition(epoch: 1, seq: seq) }

  private func told(_ conversation: Conversation, _ seq: UInt64) -> CimV1.ReadMarks {
    CimV1.ReadMarks(cursors: [CimV1.Cursor(conversation, self.position(seq))])
  }

  @Test("What is said is sent once, and again over the next connection until the service has told it")
  func confirmed() {
    var marks = ReadMarks()
    let (first, second) = (
      marks.mark(self.pair, upTo: self.position(3)), marks.mark(self.pair, upTo: self.position(5))
    )
    let again = marks.mark(self.pair, upTo: self.position(4))
    #expect(first && second && !again)
    let sent = CimV1.Read(cursors: [CimV1.Cursor(self.pair, self.position(5))])
    #expect(marks.takeUnsent() == [sent])
    #expect(!marks.hasUnsent && marks.takeUnsent() == [])
    let early = marks.received(self.told(self.pair, 4))
    #expect(early.map(\.position) == [self.position(4)])
    marks.connectionOpened()
    #expect(marks.takeUnsent() == [sent])
    let late = marks.received(self.told(self.pair, 5))
    #expect(late.map(\.position) == [self.position(5)])
    marks.connectionOpened()
    #expect(!marks.hasUnsent)
    let known = marks.mark(self.pair, upTo: self.position(5))
    #expect(!known)
  }

  @Test("What the service tells is news once, and nothing malformed is")
  func news() {
    var marks = ReadMarks()
    let first = marks.received(self.told(self.pair, 5))
    let older = marks.received(self.told(self.pair, 4))
    let same = marks.received(self.told(self.pair, 5))
    #expect(first.count == 1 && older.isEmpty && same.isEmpty)
    let odd = marks.received(
      CimV1.ReadMarks(cursors: [
        CimV1.Cursor(conversation: "x", position: CimV1.LogPosition(epoch: 1, seq: 1)),
        CimV1.Cursor(conversation: "lobby"),
        CimV1.Cursor(conversation: "lobby", position: CimV1.LogPosition(epoch: 1, seq: 0)),
      ]))
    #expect(odd.isEmpty)
    let none = marks.mark(.lobby, upTo: self.position(0))
    #expect(!none)
  }

  @Test("Much goes in frames of a thousand")
  func frames() throws {
    var marks = ReadMarks()
    for number in 1...2500 {
      _ = marks.mark(.group(try GroupID("g\(number)")), upTo: self.position(1))
    }
    #expect(marks.takeUnsent().map(\.cursors.count) == [1000, 1000, 500])
  }

  @Test("Of receipts and marks that wait for the application, only the last of each kind is kept")
  func buffered() throws {
    let (ann, bob) = (
      Account(id: UserID(1), name: try UserName("ann")), Account(id: UserID(2), name: try UserName("bob"))
    )
    func receipt(_ reader: Account, _ seq: UInt64, _ kind: Receipt.Kind) -> ChatClient.Event {
      .receipt(Receipt(conversation: self.pair, reader: reader, position: self.position(seq), kind: kind))
    }
    var buffer = EventBuffer()
    buffer.append(.state(.connecting))
    for seq in 1...100 as ClosedRange<UInt64> {
      buffer.append(receipt(bob, seq, .read))
      buffer.append(receipt(bob, seq, .delivered))
      buffer.append(.read(self.pair, upTo: self.position(seq)))
    }
    buffer.append(receipt(ann, 1, .read))
    var events: [ChatClient.Event] = []
    for _ in 1...3 { if let event = buffer.popFirst() { events.append(event) } }
    buffer.append(.read(self.pair, upTo: self.position(101)))
    buffer.append(receipt(bob, 101, .read))
    while let event = buffer.popFirst() { events.append(event) }
    #expect(
      events == [
        .state(.connecting), receipt(bob, 100, .read), receipt(bob, 100, .delivered),
        .read(self.pair, upTo: self.position(101)), receipt(ann, 1, .read), receipt(bob, 101, .read),
      ])
    #expect(buffer.isEmpty && buffer.received == 0)
  }

  @Test(
    "The machine says in one frame what was marked within 200 ms, again after a reconnect, and before it ends"
  )
  func machine() throws {
    func reads(_ driver: SessionDriver) -> [CimV1.Read] {
      driver.frames.compactMap { if case .read(let read) = $0 { read } else { nil } }
    }
    func read(_ seq: UInt64) -> [CimV1.Read] {
      [CimV1.Read(cursors: [CimV1.Cursor(self.pair, self.position(seq))])]
    }
    var driver = try SessionDriver()
    driver.markRead(self.pair, upTo: self.position(1))
    #expect(reads(driver).isEmpty)
    try driver.connect()
    #expect(reads(driver) == read(1), "what waited goes at once")
    for seq in 2...9 as ClosedRange<UInt64> {
      driver.markRead(self.pair, upTo: self.position(seq))
      #expect(reads(driver).isEmpty)
    }
    let begun = driver.now
    driver.passDeadlines { !reads($0).isEmpty }
    #expect(reads(driver) == read(9) && driver.now - begun <= .milliseconds(200))
    driver.loseConnection()
    driver.passDeadlines { $0.isLoggingIn }
    try driver.logIn()
    driver.receive(.welcome(CimV1.Welcome(maxTextBytes: 100)))
    #expect(reads(driver) == read(9))
    driver.receive(.readMarks(self.told(self.pair, 9)))
    #expect(driver.events == [.read(self.pair, upTo: self.position(9))])
    driver.markRead(self.pair, upTo: self.position(10))
    driver.close(within: .seconds(5))
    #expect(reads(driver) == read(10))
  }
}
