import NIOCore
import Testing

@testable import Redis

@Suite("Connection state machine: stopping")
struct ConnectionStateMachineStopTests {
  @Test("What was sent gets its replies before the connection is closed, what comes later is refused")
  func drains() {
    var machine = TestMachine.ready()
    _ = machine.submit(1)
    #expect(machine.state.stop().transport == nil)
    #expect(machine.submit(2).failures.map(\.error.code) == [.shutdown])
    #expect(machine.replyRequest() == 1)
    #expect(machine.state.repliesDelivered().transport == .close)
    #expect(machine.state.closed("", now: machine.now).event == .stopped)
    #expect(machine.state.nextDeadline == nil)
  }

  @Test("A server that does not answer delays the end by the timeout at most")
  func drainTimesOut() {
    var machine = TestMachine.ready()
    _ = machine.submit(1)
    _ = machine.state.stop()
    _ = machine.advance(.seconds(4))
    machine.state.read(now: machine.now)
    let effects = machine.advance(.seconds(1))
    #expect(effects.transport == .close)
    #expect(effects.failures.first?.error.code == .timedOut)
  }

  @Test("While it waits to reconnect it ends at once, and what waits fails")
  func stopsInBackoff() {
    var machine = TestMachine()
    _ = machine.state.start()
    _ = machine.submit(1)
    _ = machine.state.connectFailed("refused", now: machine.now)
    let effects = machine.state.stop()
    #expect(effects.event == .stopped)
    #expect(effects.failures.map(\.error.code) == [.shutdown])
    #expect(machine.advance(.seconds(60)).transport == nil)
  }

  @Test("A connection that is made after the end is closed")
  func stopsWhileConnecting() {
    var machine = TestMachine()
    _ = machine.state.start()
    #expect(machine.state.stop().event == nil)
    #expect(machine.state.connected(now: machine.now).transport == .close)
    #expect(machine.state.closed("", now: machine.now).event == .stopped)
  }

  @Test("An attempt that fails after the end is the last")
  func stopsWhenAttemptFails() {
    var machine = TestMachine()
    _ = machine.state.start()
    _ = machine.state.stop()
    #expect(machine.state.connectFailed("refused", now: machine.now).event == .stopped)
  }
}
