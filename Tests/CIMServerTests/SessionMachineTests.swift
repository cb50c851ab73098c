import CIMProtos
import NIOCore
import NgRPC
import Testing

@testable import CIMServer

@Suite("A session's state machine")
struct SessionMachineTests {
  private let start = NIODeadline.uptimeNanoseconds(0)
  private let timeouts = SessionMachine.Timeouts(
    hello: .seconds(10), opening: .seconds(5), idle: .seconds(30))
  private let granted = CimV1.SessionGranted(user: CimV1.User(id: 1, name: "ann"), sessionEpoch: 7)

  private func machine() -> SessionMachine { SessionMachine(timeouts: timeouts, now: start) }

  private func hello(_ device: String = "d", version: UInt32 = 1) -> CimV1.ConnectRequest.Frame {
    .hello(CimV1.Hello(deviceID: device, protocolVersion: version))
  }

  private func opened() -> SessionMachine {
    var machine = machine()
    _ = machine.received(hello(), at: start)
    _ = machine.granted(granted, at: start)
    _ = machine.interestInForce(at: start)
    return machine
  }

  @Test("Hello, grant and interest lead to the welcome")
  func opening() {
    var machine = machine()
    #expect(machine.received(hello(), at: start) == .open(device: "d"))
    #expect(!machine.isOpen)
    #expect(machine.granted(granted, at: start) == .announce(groups: []))
    #expect(!machine.isOpen)
    #expect(machine.interestInForce(at: start) == .welcome)
    #expect(machine.isOpen)
    #expect(machine.identity?.reference == CimV1.SessionRef(userID: 1, deviceID: "d", sessionEpoch: 7))
  }

  @Test(
    "Anything but hello first ends the session",
    arguments: [nil, .ping(CimV1.Ping()), .send(CimV1.Send())] as [CimV1.ConnectRequest.Frame?])
  func wrongFirst(frame: CimV1.ConnectRequest.Frame?) {
    var machine = machine()
    guard case .end(.failedPrecondition, _) = machine.received(frame, at: start) else {
      Issue.record("it went on")
      return
    }
    #expect(machine.hasEnded)
  }

  @Test("A hello with a bad device or version is refused, naming the field")
  func badHello() {
    var machine = machine()
    guard case .end(.invalidArgument, let message) = machine.received(hello("no spaces please"), at: start)
    else {
      Issue.record("it went on")
      return
    }
    #expect(message.contains("hello.device_id"))
    var other = self.machine()
    guard case .end(.failedPrecondition, let text) = other.received(hello(version: 0), at: start) else {
      Issue.record("it went on")
      return
    }
    #expect(text.contains("hello.protocol_version"))
  }

  @Test("A denial ends the session with the route's status")
  func denied() {
    var machine = machine()
    _ = machine.received(hello(), at: start)
    let denied = CimV1.SessionDenied(statusCode: 16, detail: "log in again")
    #expect(machine.denied(denied) == .end(code: .unauthenticated, message: "log in again"))
  }

  @Test("Each phase has its deadline, and an open session's moves with every frame")
  func deadlines() {
    var machine = machine()
    #expect(machine.deadline == start + .seconds(10))
    _ = machine.received(hello(), at: start + .seconds(9))
    #expect(machine.deadline == start + .seconds(14))
    _ = machine.granted(granted, at: start + .seconds(10))
    _ = machine.interestInForce(at: start + .seconds(10))
    #expect(machine.deadline == start + .seconds(40))
    _ = machine.received(nil, at: start + .seconds(20))
    #expect(machine.expire(at: start + .seconds(49)) == .nothing)
    guard case .kick(let kick) = machine.expire(at: start + .seconds(50)) else {
      Issue.record("an idle session goes on")
      return
    }
    #expect(kick.reason == .idle)
  }

  @Test("A route that does not answer ends the opening with UNAVAILABLE")
  func openingTimeout() {
    var machine = machine()
    _ = machine.received(hello(), at: start)
    guard case .end(.unavailable, _) = machine.expire(at: start + .seconds(5)) else {
      Issue.record("it went on")
      return
    }
  }

  @Test("A message before the welcome is refused, and may be sent again")
  func early() {
    var machine = machine()
    _ = machine.received(hello(), at: start)
    #expect(machine.received(.send(CimV1.Send()), at: start) == .refuse(CimV1.Send()))
    #expect(!machine.hasEnded)
  }

  @Test("A grant that nobody waits for changes nothing")
  func lateGrant() {
    var machine = machine()
    #expect(machine.granted(granted, at: start) == .nothing)
    var open = opened()
    #expect(open.granted(CimV1.SessionGranted(user: granted.user, sessionEpoch: 9), at: start) == .nothing)
    #expect(open.identity?.epoch == 7)
  }

  @Test("A session that is stated again goes on; one that a newer one has followed is replaced")
  func restating() {
    var machine = opened()
    #expect(machine.restate() == true)
    #expect(machine.restate() == false)
    #expect(machine.awaitsGrant)
    #expect(machine.granted(granted, at: start) == .restated)
    #expect(machine.isOpen)
    #expect(machine.restate() == true)
    #expect(machine.denied(CimV1.SessionDenied(statusCode: 10)) == .kick(.replaced))
    #expect(machine.hasEnded)
  }

  @Test("A session whose place another device of the user has taken is told so")
  func displaced() {
    var machine = opened()
    _ = machine.restate()
    #expect(
      machine.denied(CimV1.SessionDenied(statusCode: 6, detail: "elsewhere"))
        == .kick(CimV1.Kick(reason: .replacedByDevice, detail: "elsewhere")))
    #expect(machine.hasEnded)
  }

  @Test("A session that can't be stated now is stated later, and one whose login has ended is kicked")
  func restatingFails() {
    var machine = opened()
    _ = machine.restate()
    #expect(machine.noRoute() == .restateLater)
    _ = machine.restate()
    #expect(machine.denied(CimV1.SessionDenied(statusCode: 14)) == .restateLater)
    _ = machine.restate()
    guard case .kick(let kick) = machine.denied(CimV1.SessionDenied(statusCode: 16)) else {
      Issue.record("it goes on")
      return
    }
    #expect(kick.reason == .loggedOut)
  }

  @Test("After its end nothing happens any more")
  func ended() {
    var machine = opened()
    _ = machine.kick(.replaced, "")
    #expect(machine.received(.ping(CimV1.Ping()), at: start) == .nothing)
    #expect(machine.kick(.idle, "") == .nothing)
    #expect(machine.end(.unavailable, "") == .nothing)
    #expect(machine.expire(at: start + .hours(1)) == .nothing)
    #expect(machine.deadline == .distantFuture)
  }
}
