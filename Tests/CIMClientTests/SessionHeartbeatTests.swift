import CIMProtos
import Testing

@testable import CIMClient

@Suite struct SessionHeartbeatTests {
  @Test("A ping goes when nothing was sent for the interval, and only then")
  func pings() throws {
    var driver = try SessionDriver()
    try driver.connect()
    driver.wait(.seconds(9))
    driver.send("something")
    let sent = driver.now
    driver.receive(.pong(CimV1.Pong()))
    driver.passDeadline()
    #expect(driver.now == sent + .seconds(10))
    #expect(driver.frames == [.ping(CimV1.Ping(nonce: 1))])
  }

  @Test("A server that wants pings more often gets them; one that wants fewer does not slow them down")
  func interval() throws {
    for (wish, interval) in [(2000 as UInt32, Duration.seconds(2)), (60_000, .seconds(10))] {
      var driver = try SessionDriver()
      driver.start()
      try driver.logIn()
      driver.receive(.welcome(CimV1.Welcome(pingIntervalMs: wish)))
      let began = driver.now
      driver.passDeadline()
      #expect(driver.now == began + interval)
    }
  }

  @Test("A peer that vanished is found by its silence, and its server avoided")
  func silence() throws {
    var driver = try SessionDriver()
    try driver.connect()
    let began = driver.now
    // Two pings go unanswered.
    driver.passDeadline()
    driver.passDeadline()
    #expect(driver.now == began + .seconds(20))
    driver.passDeadline()
    #expect(driver.now == began + .seconds(30))
    #expect(driver.actions.first == .disconnect(attempt: driver.attempt - 1, gracefully: false))
    #expect(driver.waiting?.reason == "nothing was heard of server s1 for 30 s")
  }

  @Test("Any frame is a sign of life")
  func life() throws {
    var driver = try SessionDriver()
    try driver.connect()
    driver.wait(.seconds(29))
    driver.receive(.pong(CimV1.Pong()))
    driver.wait(.seconds(29))
    var machine = driver.machine
    let actions = machine.timePassed(now: driver.now)
    #expect(actions.last == .transmit(.ping(CimV1.Ping(nonce: 1)), attempt: driver.attempt))
    #expect(!actions.contains { if case .disconnect = $0 { true } else { false } })
  }
}
