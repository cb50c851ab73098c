import NIOCore
import Testing

@testable import Redis

@Suite("Connection state machine: timeouts")
struct ConnectionStateMachineTimeoutTests {
  @Test("A server that says nothing at all for the timeout is taken for gone")
  func silence() {
    var machine = TestMachine.ready()
    _ = machine.advance(.seconds(60))
    _ = machine.submit(1)
    _ = machine.advance(.seconds(2))
    _ = machine.submit(2)
    let effects = machine.advance(.seconds(3))
    #expect(effects.transport == .close)
    #expect(effects.failures.map(\.error.code) == [.timedOut, .connectionLost])
    #expect(effects.failures.first?.requests.map(\.id) == [1])
  }

  @Test("An overdue reply of a server that still sends costs only its request")
  func slowReply() {
    var machine = TestMachine.ready()
    _ = machine.submit(1)
    _ = machine.advance(.seconds(4))
    machine.state.read(now: machine.now)
    _ = machine.submit(2)
    let effects = machine.advance(.seconds(1))
    #expect(effects.transport == nil)
    #expect(effects.failures.flatMap(\.requests).map(\.id) == [1])
    #expect(machine.replyRequest() == 1, "the late reply must not be taken for the next request's")
    #expect(machine.replyRequest() == 2)
  }

  @Test("A server that falls silent with a reply overdue is given up when it was silent for the timeout")
  func silenceAfterOverdue() {
    var machine = TestMachine.ready()
    _ = machine.submit(1)
    _ = machine.advance(.seconds(4))
    machine.state.read(now: machine.now)
    #expect(machine.advance(.seconds(1)).transport == nil)
    #expect(machine.state.nextDeadline == machine.now + .seconds(4))
    #expect(machine.advance(.seconds(4)).transport == .close)
  }

  @Test("Replies in time move the deadline")
  func answeredInTime() {
    var machine = TestMachine.ready()
    _ = machine.submit(1)
    _ = machine.advance(.seconds(4))
    _ = machine.submit(2)
    #expect(machine.replyRequest() == 1)
    #expect(machine.advance(.seconds(1)).failures.isEmpty)
    #expect(machine.state.nextDeadline == machine.now + .seconds(4))
  }

  @Test("An idle connection has no deadline")
  func idle() {
    let machine = TestMachine.ready()
    #expect(machine.state.nextDeadline == nil)
  }
}
