import CIMCore
import CIMProtos
import Testing

@testable import CIMClient

@Suite struct SessionStateMachineTests {
  @Test("It logs in, opens the granted server with a hello, and is ready at the welcome")
  func connects() throws {
    var driver = try SessionDriver()
    driver.start()
    #expect(
      driver.actions == [
        .emit(.state(.connecting)), .logIn(attempt: 1, .name(try UserName("olu")), avoiding: nil),
      ])
    try driver.logIn()
    let opened = try #require(driver.opened)
    #expect(opened.grant.server == (try ServerID("s1")))
    #expect(opened.hello == CimV1.Hello(deviceID: "laptop", protocolVersion: 1))
    driver.receive(.welcome(CimV1.Welcome()))
    #expect(driver.events == [.state(.ready(try ServerID("s1")))])
    #expect(driver.machine.account?.id == UserID(7))
  }

  @Test("A route that can't be reached is tried again after a wait that grows")
  func loginRetries() throws {
    var driver = try SessionDriver()
    driver.start()
    for attempt in 2...5 {
      driver.loginFails(.transient("nobody there"))
      let waiting = try #require(driver.waiting)
      #expect(waiting.reason == "nobody there")
      #expect(driver.machine.nextDeadline == driver.now + waiting.delay)
      driver.passDeadline()
      #expect(driver.actions.last.map { if case .logIn = $0 { true } else { false } } == true, "\(attempt)")
    }
  }

  @Test("A login that is refused for good ends the client, and what was to be sent with it")
  func loginRefused() throws {
    var driver = try SessionDriver()
    driver.start()
    let error = ClientError(.wrongName, "7 is not olu")
    driver.loginFails(.final(error))
    #expect(driver.events == [.state(.failed(error))])
    #expect(driver.machine.hasEnded)
    #expect(driver.machine.nextDeadline == nil)
    driver.start()
    #expect(driver.actions == [])
  }

  @Test("A server that does not welcome in time is avoided by the next login")
  func welcomeTimeout() throws {
    var driver = try SessionDriver()
    driver.start()
    try driver.logIn(server: "dead")
    driver.passDeadline()
    driver.passDeadline()
    #expect(
      driver.actions == [.logIn(attempt: driver.attempt, driver.account, avoiding: try ServerID("dead"))])
  }

  @Test("After a lost connection it logs in again, avoids that server, and says how far it has come")
  func reconnects() throws {
    var driver = try SessionDriver()
    try driver.connect()
    driver.hear("one", seq: 4)
    driver.loseConnection(.transient("reset by peer"))
    #expect(driver.actions.first == .disconnect(attempt: driver.attempt - 1, gracefully: false))
    driver.passDeadline()
    #expect(driver.actions == [.logIn(attempt: driver.attempt, driver.account, avoiding: try ServerID("s1"))])
    try driver.logIn(server: "s2")
    #expect(
      driver.opened?.hello.cursors == [
        CimV1.Cursor(conversation: "lobby", position: CimV1.LogPosition(epoch: 1, seq: 4))
      ])
    driver.receive(.welcome(CimV1.Welcome()))
    #expect(driver.events == [.state(.ready(try ServerID("s2")))])
  }

  @Test("Late news of an earlier connection change nothing")
  func staleNews() throws {
    var driver = try SessionDriver()
    try driver.connect()
    let old = driver.attempt
    driver.loseConnection()
    driver.passDeadline()
    try driver.logIn(server: "s2")
    driver.receive(.welcome(CimV1.Welcome()), attempt: old)
    #expect(driver.actions == [])
    driver.loseConnection(attempt: old)
    #expect(driver.actions == [])
  }

  @Test("Messages sent while there is no connection go with the next one, unanswered ones under the same id")
  func sendsSurvive() throws {
    var driver = try SessionDriver()
    try driver.connect()
    driver.send("one")
    let first = try #require(driver.sends.first)
    driver.loseConnection()
    driver.send("two")
    #expect(driver.actions == [])
    driver.passDeadline()
    try driver.logIn()
    driver.receive(.welcome(CimV1.Welcome()))
    #expect(driver.sends.first == first)
    #expect(driver.sends.map { $0.sendID?.counter } == [1, 2])
  }

  @Test("A private message goes to the conversation of both users")
  func privateConversation() throws {
    var driver = try SessionDriver()
    try driver.connect()
    driver.send("psst", to: .user(UserID(3)))
    #expect(driver.sends.first?.sendID?.conversation == "p:3:7")
  }

  @Test(
    "What can't be sent is refused at once",
    arguments: [("", SendError.Code.invalid), (String(repeating: "ü", count: 51), .invalid)])
  func refusedHere(text: String, code: SendError.Code) throws {
    var driver = try SessionDriver()
    try driver.connect()
    driver.send(text)
    #expect(driver.refusals == [code])
    driver.send("fine")
    #expect(driver.sends.first?.sendID?.counter == 1, "no counter was used for it")
  }

  @Test("More properties than the service takes are refused at once")
  func tooManyProperties() throws {
    var driver = try SessionDriver()
    try driver.connect()
    let many = Dictionary(uniqueKeysWithValues: (1...17).map { ("k\($0)", "v") })
    driver.send("x", properties: many)
    #expect(driver.refusals == [.invalid])
    driver.send("x", properties: ["k": String(repeating: "v", count: 4096)])
    #expect(driver.refusals == [.invalid])
    driver.send("x", properties: ["k": String(repeating: "v", count: 4095)])
    #expect(driver.sends.count == 1)
  }

  @Test("Before the first login nothing can be sent")
  func notConnected() throws {
    var driver = try SessionDriver()
    driver.start()
    driver.send("too early")
    #expect(driver.refusals == [.notConnected])
  }

  @Test(
    "Who replaced or logged out this device ends the client, which does not come back",
    arguments: [CimV1.KickReason.replaced, .replacedByDevice, .loggedOut, .endedByOperator])
  func kickedForGood(reason: CimV1.KickReason) throws {
    var driver = try SessionDriver()
    try driver.connect()
    driver.receive(.kick(CimV1.Kick(reason: reason, detail: "elsewhere")))
    #expect(driver.events.first == .kicked(.init(reason), detail: "elsewhere"))
    #expect(driver.machine.hasEnded)
    #expect(driver.machine.nextDeadline == nil)
  }

  @Test("Who is replaced by an attempt of its own that came through late comes back, once")
  func straggler() throws {
    var driver = try SessionDriver()
    driver.start()
    try driver.logIn(server: "slow")
    driver.passDeadlines { $0.waiting != nil }
    for isFinal in [false, true] {
      driver.passDeadlines { $0.isLoggingIn }
      try driver.logIn()
      driver.receive(.welcome(CimV1.Welcome()))
      driver.receive(.kick(CimV1.Kick(reason: .replaced)))
      #expect(driver.machine.hasEnded == isFinal)
    }
  }

  @Test(
    "A client that was kicked for its connection's sake comes back",
    arguments: [CimV1.KickReason.idle, .lostTrack, .unspecified])
  func kickedForNow(reason: CimV1.KickReason) throws {
    var driver = try SessionDriver()
    try driver.connect()
    driver.receive(.kick(CimV1.Kick(reason: reason)))
    driver.passDeadline()
    #expect(
      driver.actions == [.logIn(attempt: driver.attempt, driver.account, avoiding: nil)],
      "that server is not at fault")
  }

  @Test("Closing waits for the answers that are missing, then leaves in good order")
  func closes() throws {
    var driver = try SessionDriver()
    try driver.connect()
    driver.send("last words")
    let send = try #require(driver.sends.first)
    driver.close(within: .seconds(5))
    #expect(driver.actions == [])
    driver.accept(send)
    #expect(driver.actions.contains(.disconnect(attempt: driver.attempt - 1, gracefully: true)))
    #expect(driver.actions.last == .emit(.state(.closed)))
    #expect(driver.machine.hasEnded)
  }

  @Test("Closing does not wait forever")
  func closeDeadline() throws {
    var driver = try SessionDriver()
    try driver.connect()
    driver.send("into the void")
    let began = driver.now
    driver.close(within: .seconds(5))
    driver.passDeadline()
    #expect(driver.now == began + .seconds(5))
    #expect(driver.machine.hasEnded)
    #expect(driver.refusals == [.unanswered])
  }

  @Test("A client that is closed takes nothing more")
  func afterClose() throws {
    var driver = try SessionDriver()
    try driver.connect()
    driver.close(within: .zero)
    #expect(driver.machine.hasEnded)
    driver.send("hello?")
    #expect(driver.refusals == [.closed])
  }
}
