import CIMCore
import CIMProtos
import NIOCore
import Testing

@testable import CIMServer

@Suite("What a client may say of reading")
struct ReadBudgetTests {
  @Test("It is a burst, then so many each second, and no more than a burst after a long time")
  func budget() {
    let start = NIODeadline.now()
    var budget = ReadBudget(now: start)
    func taken(_ count: Int, at now: NIODeadline) -> Int {
      var taken = 0
      for _ in 0..<count where budget.take(at: now) { taken += 1 }
      return taken
    }
    #expect(taken(3000, at: start) == 2000)
    #expect(taken(200, at: start + .milliseconds(500)) == 50)
    #expect(taken(200, at: start + .milliseconds(500)) == 0)
    #expect(taken(200, at: start + .milliseconds(1500)) == 100)
    #expect(taken(3000, at: start + .hours(1)) == 2000)
  }

  @Test("Reading is passed on while the session is open, and ignored before the welcome and after the end")
  func machine() {
    let start = NIODeadline.now()
    let timeouts = SessionMachine.Timeouts(hello: .seconds(5), opening: .seconds(5), idle: .seconds(30))
    var machine = SessionMachine(timeouts: timeouts, now: start)
    let cursors = [CimV1.Cursor(conversation: "lobby", position: CimV1.LogPosition(epoch: 1, seq: 1))]
    let read = CimV1.ConnectRequest.Frame.read(CimV1.Read(cursors: cursors))
    _ = machine.received(.hello(CimV1.Hello(deviceID: "d", protocolVersion: 1)), at: start)
    let early = machine.received(read, at: start)
    #expect(early == .ignore)
    _ = machine.granted(
      CimV1.SessionGranted(user: CimV1.User(id: 1, name: "ann"), sessionEpoch: 9), at: start)
    _ = machine.interestInForce(at: start)
    let open = machine.received(read, at: start)
    #expect(open == .read(cursors))
    machine.closed()
    let late = machine.received(read, at: start)
    #expect(late == .nothing)
  }
}
