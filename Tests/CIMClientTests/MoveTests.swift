import CIMCore
import CIMProtos
import NgRPC
import Testing

@testable import CIMClient

@Suite("A client whose server goes away") struct MoveTests {
  private static let suggestion = CimV1.ServerEndpoint(id: "s2", host: "127.0.0.2", port: 7501)

  private func drained(server: CimV1.ServerEndpoint? = Self.suggestion) throws -> SessionDriver {
    var driver = try SessionDriver()
    try driver.connect()
    driver.hear("one", seq: 1)
    driver.receive(.drain(CimV1.Drain(withinMs: 8000, server: server)))
    return driver
  }

  @Test("It connects to the suggested server at once, with the same token, and tells nobody")
  func suggested() throws {
    let driver = try self.drained()
    #expect(driver.actions.count == 1)
    let opened = try #require(driver.opened)
    #expect(opened.grant.token == "7.token")
    #expect(opened.grant.endpoint == Endpoint(host: "127.0.0.2", port: 7501))
    #expect(opened.hello.cursors == [CimV1.Cursor(.lobby, LogPosition(epoch: 1, seq: 1))])
  }

  @Test("The old connection is used until the new one is open; what is under way then goes again")
  func both() throws {
    var driver = try self.drained()
    let old = driver.attempt - 1
    driver.send("still here")
    let send = try #require(driver.sends.first)
    #expect(driver.actions == [.transmit(.send(send), attempt: old)])
    driver.hear("two", seq: 2, attempt: old)
    #expect(driver.events.compactMap(\.text) == ["two"])
    driver.receive(.welcome(CimV1.Welcome()))
    #expect(
      driver.actions == [
        .disconnect(attempt: old, gracefully: false),
        .emit(.moved(to: try ServerID("s2"), away: .zero)),
        .transmit(.send(send), attempt: driver.attempt),
      ])
    driver.hear("two", seq: 2)
    #expect(driver.events == [])
    driver.hear("three", seq: 3)
    #expect(driver.events.compactMap(\.text) == ["three"])
    #expect(driver.machine.counters.moves == 1)
  }

  @Test("That the old connection is closed because the new one replaces it is what was wanted")
  func replaced() throws {
    var driver = try self.drained()
    let old = driver.attempt - 1
    driver.receive(.kick(CimV1.Kick(reason: .replaced)), attempt: old)
    #expect(driver.actions == [.disconnect(attempt: old, gracefully: false)])
    driver.loseConnection(attempt: old)
    #expect(driver.actions == [])
    driver.send("between two chairs")
    #expect(driver.sends == [])
    driver.wait(.milliseconds(7))
    driver.receive(.welcome(CimV1.Welcome()))
    #expect(driver.events == [.moved(to: try ServerID("s2"), away: .milliseconds(7))])
    #expect(driver.sends.count == 1)
  }

  @Test(
    "A suggested server that can't be had is passed over by a login, without a word",
    arguments: [true, false])
  func fallback(isSilent: Bool) throws {
    var driver = try self.drained()
    let old = driver.attempt - 1
    if isSilent {
      driver.passDeadlines {
        $0.isLoggingIn || $0.actions.contains(.disconnect(attempt: old, gracefully: false))
      }
      // The server that is left waits for less time than the new one has.
      #expect(driver.actions == [.disconnect(attempt: old, gracefully: false)])
      driver.passDeadlines { $0.isLoggingIn }
    } else {
      driver.loseConnection()
    }
    #expect(
      driver.actions == [
        .disconnect(attempt: driver.attempt - 1, gracefully: false),
        .logIn(attempt: driver.attempt, driver.account, avoiding: try ServerID("s2")),
      ])
    try driver.logIn(server: "s3")
    driver.receive(.welcome(CimV1.Welcome()))
    #expect(driver.events.count == 1)
    guard case .moved(try ServerID("s3"), _)? = driver.events.first else {
      Issue.record("not moved: \(driver.events)")
      return
    }
  }

  @Test("Without a suggestion it logs in at once")
  func noSuggestion() throws {
    var driver = try self.drained(server: nil)
    #expect(
      driver.actions == [
        .logIn(attempt: driver.attempt, driver.account, avoiding: try ServerID("s1"))
      ])
    try driver.logIn(server: "s2")
    driver.receive(.welcome(CimV1.Welcome()))
    #expect(driver.events == [.moved(to: try ServerID("s2"), away: .zero)])
  }

  @Test("While no other server can be had it stays where it is, and says so when that is gone, too")
  func nowhere() throws {
    var driver = try self.drained(server: nil)
    let old = driver.attempt - 1
    driver.loginFails(.transient("no server is left"))
    #expect(driver.events == [])
    driver.hear("two", seq: 2, attempt: old)
    #expect(driver.events.compactMap(\.text) == ["two"])
    driver.send("three")
    #expect(driver.sends.count == 1)
    driver.loseConnection(attempt: old)
    #expect(driver.waiting?.reason == "no server is left")
    driver.passDeadlines { $0.isLoggingIn }
    try driver.logIn(server: "s3")
    driver.receive(.welcome(CimV1.Welcome()))
    #expect(driver.events == [.state(.ready(try ServerID("s3")))])
    #expect(driver.sends.count == 1, "unanswered")
  }

  @Test("A server that is left in vain and in time is still the way for what is sent")
  func again() throws {
    var driver = try self.drained(server: nil)
    driver.loginFails(.transient("no server is left"))
    driver.passDeadlines {
      #expect($0.events == [])
      return $0.isLoggingIn
    }
    try driver.logIn(server: "s2")
    driver.receive(.welcome(CimV1.Welcome()))
    #expect(driver.events == [.moved(to: try ServerID("s2"), away: .zero)])
  }

  @Test("Closing while it moves ends both connections")
  func closing() throws {
    var driver = try self.drained()
    driver.close(within: .zero)
    #expect(driver.machine.hasEnded)
    let attempts = driver.actions.compactMap { action in
      if case .disconnect(let attempt, true) = action { attempt } else { nil }
    }
    #expect(attempts.count == 2)
    #expect(driver.machine.nextDeadline == nil)
  }
}
