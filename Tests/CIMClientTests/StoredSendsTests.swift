import CIMCore
import CIMProtos
import Testing

@testable import CIMClient

@Suite("What is sent, across restarts of the program") struct StoredSendsTests {
  @Test("What was not answered goes again under the same ids, in order, before anything else")
  func again() throws {
    var driver = try SessionDriver()
    try driver.connect()
    driver.send("one")
    let first = driver.sends
    driver.send("two")
    let second = driver.sends
    driver.loseConnection()
    driver.send("three")
    #expect(driver.record.unsent.map(\.isAttempted) == [true, true, false])

    driver = try SessionDriver(record: driver.record)
    driver.start()
    driver.send("four")
    try driver.logIn()
    driver.receive(.welcome(CimV1.Welcome()))
    #expect(Array(driver.sends.prefix(2)) == first + second)
    #expect(driver.sends.map { $0.sendID?.counter } == [1, 2, 3], "the next producer's wait")
    let sends = driver.sends
    for send in sends.dropLast() { driver.accept(send) }
    #expect(driver.sends == [])
    driver.accept(sends[2])
    let fourth = try #require(driver.sends.first)
    #expect(fourth.content?.kind == .text("four"))
    #expect(fourth.sendID?.counter == 1)
    #expect(fourth.sendID?.producer != first[0].sendID?.producer)
    driver.accept(fourth)
    #expect(driver.record.unsent == [])
  }

  @Test("A number that the storage lost is not given again")
  func lostNumbers() throws {
    var driver = try SessionDriver()
    try driver.connect()
    let record = driver.record
    driver.send("lost by the disk")
    let lost = try #require(driver.sends.first?.sendID)
    driver = try SessionDriver(record: record)
    try driver.connect()
    driver.send("something else")
    #expect(driver.sends.first?.sendID != lost)
  }

  @Test("A message is stored under its number before it is sent, and forgotten with its answer")
  func storedFirst() throws {
    var driver = try SessionDriver()
    try driver.connect()
    driver.send("hi")
    let send = try #require(driver.sends.first)
    #expect(driver.record.unsent.map { CimV1.Send($0) } == [send])
    driver.accept(send)
    #expect(driver.record.unsent == [])
  }

  @Test(
    "After a restart, what was sent to a service that has forgotten it is uncertain; what was not sent goes anew"
  )
  func forgotten() throws {
    var driver = try SessionDriver()
    try driver.connect()
    driver.send("sent")
    let sent = try #require(driver.sends.first)
    driver.loseConnection()
    driver.send("not sent")
    driver = try SessionDriver(record: driver.record)
    try driver.connect()
    let refused = CimV1.Refused(reason: .counterGap, expectedCounter: 0)
    driver.receive(.sendResult(CimV1.SendResult(sendID: sent.sendID, outcome: .refused(refused))))
    #expect(driver.refusals == [.uncertain])
    let again = try #require(driver.sends.first)
    #expect(again.content?.kind == .text("not sent"))
    #expect(again.sendID?.counter == 1)
    #expect(again.sendID?.producer != sent.sendID?.producer)
    #expect(driver.record.unsent.map { CimV1.Send($0) } == [again], "its new number is stored")
  }

  @Test("A client that is closed leaves in the storage what was not answered")
  func closed() throws {
    var driver = try SessionDriver()
    try driver.connect()
    driver.send("last words")
    driver.close(within: .zero)
    #expect(driver.refusals == [.unanswered])
    #expect(driver.record.unsent.map(\.text) == ["last words"])
  }

  @Test("The storage of another account is refused")
  func foreignAccount() throws {
    let ann = Account(id: UserID(1), name: try UserName("ann"))
    var driver = try SessionDriver(
      record: ClientRecord([.device(try DeviceID("laptop"), producerPrefix: "x"), .account(ann)]))
    driver.start()
    try driver.logIn()
    guard case .state(.failed(let error))? = driver.events.last else {
      Issue.record("not failed: \(driver.events)")
      return
    }
    #expect(error.code == .storage)
    #expect(error.message.contains("ann (1)"))
    #expect(error.message.contains("olu (7)"))
  }

  @Test("A client that knows its account takes messages before it is connected")
  func offline() throws {
    let olu = Account(id: UserID(7), name: try UserName("olu"))
    var driver = try SessionDriver(
      record: ClientRecord([.device(try DeviceID("laptop"), producerPrefix: "x"), .account(olu)]))
    driver.start()
    driver.send("soon", to: .user(UserID(3)))
    #expect(driver.refusals == [])
    try driver.logIn()
    driver.receive(.welcome(CimV1.Welcome()))
    #expect(driver.sends.map { $0.sendID?.conversation } == ["p:3:7"])
  }
}
