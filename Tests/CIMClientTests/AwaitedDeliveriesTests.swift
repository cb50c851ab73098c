import CIMCore
import CIMProtos
import Testing

@testable import CIMClient

@Suite("A message whose sender waits until it is delivered") struct AwaitedDeliveriesTests {
  private func connected() throws -> SessionDriver {
    var driver = try SessionDriver()
    try driver.connect()
    driver.send("psst", to: .user(UserID(3)), level: .delivered)
    return driver
  }

  private func outcomes(_ driver: SessionDriver) -> [Outbox.Outcome] {
    driver.actions.compactMap { if case .resolve(let resolution) = $0 { resolution.outcome } else { nil } }
  }

  private func accepted(_ reached: AckLevel) -> Accepted {
    Accepted(
      conversation: .direct(between: UserID(3), and: UserID(7)), position: LogPosition(epoch: 1, seq: 1),
      loggedAt: Timestamp(milliseconds: 0), isDuplicate: false, reached: reached)
  }

  @Test("It is accepted first, and delivered when the service says so")
  func delivered() throws {
    var driver = try self.connected()
    let send = try #require(driver.sends.first)
    #expect(send.ackLevel == .delivered)
    driver.accept(send)
    #expect(self.outcomes(driver) == [.awaitingDelivery(self.accepted(.logged))])
    #expect(driver.record.unsent.first?.accepted == self.accepted(.logged))
    driver.receive(.delivered(CimV1.Delivered(sendID: send.sendID)))
    #expect(self.outcomes(driver) == [.delivered(self.accepted(.delivered))])
    #expect(driver.record.unsent == [])
  }

  @Test("One that is delivered by the time of the answer has nothing to wait for")
  func atOnce() throws {
    var driver = try self.connected()
    driver.accept(try #require(driver.sends.first), reached: .delivered)
    #expect(self.outcomes(driver) == [.accepted(self.accepted(.delivered))])
  }

  @Test("After a lost connection the service is asked with the same id, until it says delivered")
  func asked() throws {
    var driver = try self.connected()
    let send = try #require(driver.sends.first)
    driver.accept(send)
    driver.loseConnection()
    driver.passDeadline()
    try driver.logIn()
    driver.receive(.welcome(CimV1.Welcome()))
    #expect(driver.sends == [send])
    driver.accept(send)
    #expect(self.outcomes(driver) == [])
    // Asked again from time to time: whoever was to tell may have died.
    while driver.sends.isEmpty { driver.passDeadline() }
    #expect(driver.sends == [send])
    driver.accept(send, reached: .delivered)
    #expect(self.outcomes(driver) == [.delivered(self.accepted(.delivered))])
  }

  @Test("After a restart it is asked for, too")
  func restarted() throws {
    var driver = try self.connected()
    let send = try #require(driver.sends.first)
    driver.accept(send)
    driver = try SessionDriver(record: driver.record)
    try driver.connect()
    #expect(driver.sends == [send])
    driver.accept(send, reached: .delivered)
    #expect(self.outcomes(driver) == [.delivered(self.accepted(.delivered))])
  }

  @Test("A service that has forgotten its number does not make it less accepted")
  func forgotten() throws {
    var driver = try self.connected()
    let send = try #require(driver.sends.first)
    driver.accept(send)
    driver = try SessionDriver(record: driver.record)
    try driver.connect()
    driver.receive(
      .sendResult(
        CimV1.SendResult(
          sendID: send.sendID, outcome: .refused(CimV1.Refused(reason: .duplicateUnknown)))))
    #expect(self.outcomes(driver) == [.delivered(self.accepted(.logged))])
    #expect(driver.record.unsent == [])
  }

  @Test("Whoever waits no longer stops the asking, before the answer and after it", arguments: [true, false])
  func abandoned(isAccepted: Bool) throws {
    var driver = try self.connected()
    let send = try #require(driver.sends.first)
    if isAccepted { driver.accept(send) }
    driver.abandon(1)
    if !isAccepted { driver.accept(send) }
    #expect(driver.record.unsent == [])
    #expect(driver.machine.outbox.nextRetry == nil)
  }

  @Test("Closing waits for the answer, and not for the delivery")
  func closing() throws {
    var driver = try self.connected()
    driver.close(within: .seconds(5))
    #expect(!driver.machine.hasEnded)
    driver.accept(try #require(driver.sends.first ?? driver.record.unsent.first.map { CimV1.Send($0) }))
    #expect(driver.machine.hasEnded)
    #expect(driver.record.unsent.count == 1, "the next run asks")
  }

  @Test("Nobody waits for the delivery of what has many receivers")
  func lobby() throws {
    var driver = try SessionDriver()
    try driver.connect()
    driver.send("hi all", level: .delivered)
    #expect(driver.refusals == [.invalid])
  }
}
