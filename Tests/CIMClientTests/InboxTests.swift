import CIMCore
import CIMProtos
import Testing

@testable import CIMClient

@Suite("What is received") struct InboxTests {
  private let group = Conversation.group(try! GroupID("g1"))

  private func place(_ seq: UInt64, epoch: UInt64 = 1) -> LogPosition { LogPosition(epoch: epoch, seq: seq) }

  @Test("A message is shown once although it comes again, over this connection or another")
  func shownOnce() throws {
    var driver = try SessionDriver()
    try driver.connect()
    driver.hear("hi", seq: 4)
    #expect(driver.events.compactMap(\.text) == ["hi"])
    driver.hear("hi", seq: 4)
    #expect(driver.events == [])
    driver.loseConnection()
    driver.passDeadline()
    try driver.logIn()
    driver.receive(.welcome(CimV1.Welcome()))
    driver.hear("before", seq: 3)
    driver.hear("hi", seq: 4)
    #expect(driver.events == [])
    #expect(driver.machine.inbox.doubles == 3)
    driver.hear("hi", seq: 4, in: "p:7:9")
    #expect(driver.events.count == 1, "another conversation has numbers of its own")
  }

  @Test("A message is stored with its place before anybody sees it, and is known after a restart")
  func stored() throws {
    var driver = try SessionDriver()
    try driver.connect()
    driver.hear("hi", seq: 4)
    #expect(driver.record.cursors == [.lobby: self.place(4)])
    driver = try SessionDriver(record: driver.record)
    try driver.connect()
    driver.hear("hi", seq: 4)
    driver.hear("again", seq: 5)
    #expect(driver.events.compactMap(\.text) == ["again"])
  }

  @Test("After a restart the hello says how far each conversation is stored")
  func hello() throws {
    let record = ClientRecord([
      .device(try DeviceID("laptop"), producerPrefix: "x"), .cursor(.lobby, self.place(9)),
    ])
    var driver = try SessionDriver(record: record)
    driver.start()
    try driver.logIn()
    #expect(driver.opened?.hello.cursors == [CimV1.Cursor(.lobby, self.place(9))])
  }

  @Test("What this client sent moves the cursor, and is not shown, in this run and in the next")
  func ownMessages() throws {
    var driver = try SessionDriver()
    try driver.connect()
    driver.send("mine")
    let id = try #require(driver.sends.first?.sendID)
    driver.hear("mine", seq: 1, from: 7, sendID: id)
    #expect(driver.events == [])
    #expect(driver.record.cursors == [.lobby: self.place(1)])
    #expect(driver.machine.inbox.own == 1)
    driver = try SessionDriver(record: driver.record)
    try driver.connect()
    var later = id
    later.counter = 2
    driver.hear("mine, too", seq: 2, from: 7, sendID: later)
    #expect(driver.events == [])
  }

  @Test("Another device of the same user is shown, and so is whoever borrows this client's producer")
  func notOwn() throws {
    var driver = try SessionDriver()
    try driver.connect()
    driver.hear(
      "from my phone", seq: 1, from: 7,
      sendID: CimV1.SendId(producer: "phone-1", conversation: "lobby", counter: 1))
    #expect(driver.events.compactMap(\.text) == ["from my phone"])
    driver.hear(
      "disguised", seq: 2, from: 9,
      sendID: CimV1.SendId(
        producer: "\(SessionDriver.producerPrefix)1", conversation: "lobby", counter: 1))
    #expect(driver.events.compactMap(\.text) == ["disguised"])
  }

  @Test("Who joins or leaves a group is an event of its own, and moves the cursor")
  func membership() throws {
    var driver = try SessionDriver()
    try driver.connect()
    for (seq, change) in [(1, CimV1.MembershipChange.joined), (2, .left)] {
      driver.hear(CimV1.Content(kind: .membership(change)), seq: UInt64(seq), in: "g:g1")
    }
    let eve = Account(id: UserID(9), name: try UserName("eve"))
    #expect(
      driver.events == [
        .membership(
          MembershipEntry(
            conversation: self.group, position: self.place(2), member: eve, change: .left,
            loggedAt: Timestamp(milliseconds: 0)))
      ])
    #expect(driver.record.cursors == [self.group: self.place(2)])
  }

  @Test("A message of a kind that this version does not know moves the cursor and is counted")
  func unknown() throws {
    var driver = try SessionDriver()
    try driver.connect()
    driver.hear(CimV1.Content(), seq: 1)
    #expect(driver.events == [])
    #expect(driver.machine.inbox.unknown == 1)
    driver.hear("known", seq: 2)
    #expect(driver.events.count == 1)
    #expect(driver.record.cursors == [.lobby: self.place(2)])
    #expect(driver.machine.inbox.gaps == 0)
  }

  @Test("What follows on something else than the last one received is shown, and counted as a gap")
  func gap() throws {
    var driver = try SessionDriver()
    try driver.connect()
    driver.hear("somewhere in the middle", seq: 5)
    #expect(driver.machine.inbox.gaps == 0)
    driver.hear("one is missing", seq: 7)
    #expect(driver.machine.inbox.gaps == 1)
    driver.hear("in order", seq: 8)
    #expect(driver.machine.inbox.gaps == 1)
  }

  @Test("What was said in a group while the user was no member of it is no gap")
  func rejoining() throws {
    var driver = try SessionDriver()
    try driver.connect()
    driver.hear(CimV1.Content(kind: .membership(.left)), seq: 2, in: "g:g1", from: 7)
    driver.hear(CimV1.Content(kind: .membership(.joined)), seq: 5, in: "g:g1", from: 7)
    #expect(driver.machine.inbox.gaps == 0)
    driver.hear(CimV1.Content(kind: .membership(.joined)), seq: 8, in: "g:g1")
    #expect(driver.machine.inbox.gaps == 1, "somebody else's joining is a message like any other")
  }

  @Test("A reset tells the range that is missing, and the conversation goes on after it")
  func reset() throws {
    var driver = try SessionDriver()
    try driver.connect()
    driver.hear("two", seq: 2)
    let reset = CimV1.ConnectResponse.Frame.reset(
      CimV1.Reset(
        conversation: "lobby", after: CimV1.LogPosition(epoch: 1, seq: 2),
        next: CimV1.LogPosition(epoch: 1, seq: 10), until: CimV1.LogPosition(epoch: 1, seq: 9)))
    driver.receive(reset)
    #expect(
      driver.events == [
        .reset(.lobby, after: self.place(2), until: self.place(9), next: self.place(10))
      ])
    #expect(driver.record.cursors == [.lobby: self.place(9)])
    driver.receive(reset)
    #expect(driver.events == [], "it was told")
    driver.hear("ten", seq: 10)
    #expect(driver.events.count == 1)
    #expect(driver.machine.inbox.gaps == 0)
  }

  @Test("A log that was rolled back takes the cursor back with it, or away")
  func rollback() throws {
    var driver = try SessionDriver()
    try driver.connect()
    driver.hear("nine", seq: 9)
    driver.receive(
      .reset(
        CimV1.Reset(
          conversation: "lobby", after: CimV1.LogPosition(epoch: 1, seq: 9),
          until: CimV1.LogPosition(epoch: 1, seq: 7))))
    #expect(driver.record.cursors == [.lobby: self.place(7)])
    driver.receive(
      .reset(CimV1.Reset(conversation: "lobby", after: CimV1.LogPosition(epoch: 1, seq: 7))))
    #expect(driver.events == [.reset(.lobby, after: self.place(7), until: nil, next: nil)])
    #expect(driver.record.cursors == [:])
  }

  @Test("Received messages are acknowledged together, a moment later, once the disk has them")
  func acknowledges() throws {
    var driver = try SessionDriver()
    try driver.connect()
    driver.passDeadline()
    let began = driver.now
    driver.hear("one", seq: 1)
    driver.wait(.milliseconds(50))
    driver.hear("two", seq: 2)
    driver.passDeadline()
    #expect(driver.now == began + SessionStateMachine.synchronizationDelay)
    #expect(driver.actions.first == .synchronize)
    #expect(driver.frames == [.ack(CimV1.Ack(cursors: [CimV1.Cursor(.lobby, self.place(2))]))])
  }

  @Test("While the disk is slow nothing is acknowledged; what comes meanwhile has its turn after that")
  func slowDisk() throws {
    var driver = try SessionDriver()
    try driver.connect()
    driver.passDeadline()
    driver.hear("one", seq: 1)
    var machine = driver.machine
    var now = try #require(machine.nextDeadline)
    #expect(machine.timePassed(now: now) == [.synchronize])
    let two = CimV1.Message(
      conversation: "lobby", position: CimV1.LogPosition(epoch: 1, seq: 2),
      previous: CimV1.LogPosition(epoch: 1, seq: 1), sender: CimV1.User(id: 9, name: "eve"),
      content: CimV1.Content(kind: .text("two")))
    _ = machine.received(.message(two), attempt: machine.attempt, now: now)
    now += .seconds(1)
    #expect(machine.timePassed(now: now) == [])
    let first = CimV1.Ack(cursors: [CimV1.Cursor(.lobby, self.place(1))])
    // The cursors are those of the time at which the disk was asked.
    #expect(machine.synchronized(now: now) == [.transmit(.ack(first), attempt: machine.attempt)])
    #expect(machine.timePassed(now: now) == [.synchronize])
  }

  @Test("What was acknowledged over a connection that is gone is acknowledged again over the next")
  func acknowledgesAgain() throws {
    var driver = try SessionDriver()
    try driver.connect()
    driver.hear("one", seq: 1)
    driver.passDeadline()
    driver.loseConnection()
    driver.passDeadline()
    try driver.logIn()
    driver.receive(.welcome(CimV1.Welcome()))
    driver.passDeadline()
    #expect(driver.frames == [.ack(CimV1.Ack(cursors: [CimV1.Cursor(.lobby, self.place(1))]))])
  }

  @Test("What the application has no room for is neither stored nor acknowledged, and comes in order later")
  func room() throws {
    var driver = try SessionDriver(room: 1)
    try driver.connect()
    for seq in 1...4 as ClosedRange<UInt64> { driver.hear("\(seq)", seq: seq) }
    #expect(driver.record.cursors == [.lobby: self.place(1)])
    driver.take(2)
    #expect(driver.events.compactMap(\.text) == ["2", "3"])
    #expect(driver.record.cursors == [.lobby: self.place(3)])
    // Its own message needs no room, once it is the next.
    driver.send("5")
    driver.hear("5", seq: 5, from: 7, sendID: try #require(driver.sends.first?.sendID))
    #expect(driver.record.cursors == [.lobby: self.place(3)])
    driver.take(1)
    #expect(driver.events.compactMap(\.text) == ["4"])
    #expect(driver.record.cursors == [.lobby: self.place(5)])
  }

  @Test("A peer that can't be heard because nothing is read does not count as dead")
  func pausedReading() throws {
    var driver = try SessionDriver(room: 0) { $0.limits.unreadMessages = 3 }
    try driver.connect()
    for seq in 1...3 as ClosedRange<UInt64> { driver.hear("\(seq)", seq: seq) }
    let end = driver.now + .seconds(120)
    while driver.now < end {
      driver.passDeadline()
      #expect(driver.waiting == nil)
    }
    driver.take(3)
    driver.passDeadline()
    #expect(driver.waiting == nil)
    driver.passDeadlines { $0.waiting != nil }
    #expect(driver.waiting?.reason.contains("nothing was heard") == true)
  }
}
