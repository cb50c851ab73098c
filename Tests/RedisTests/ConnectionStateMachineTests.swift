import NIOCore
import Testing

@testable import Redis

@Suite("Connection state machine")
struct ConnectionStateMachineTests {
  @Test("It connects, shakes hands and is ready with the last good reply")
  func becomesReady() {
    var machine = TestMachine(handshakeCount: 2)
    #expect(machine.state.start().transport == .connect)
    #expect(machine.state.connected(now: machine.now).transport == .sendHandshake)
    #expect(machine.reply(.status("OK")).event == nil)
    #expect(!machine.state.isReady)
    #expect(machine.reply(.status("PONG")).event == .ready(ReplicationInfo(.null)))
    #expect(machine.state.isReady)
  }

  @Test("Requests that wait for the connection are sent in their order when it is ready")
  func sendsWhatWaited() {
    var machine = TestMachine()
    _ = machine.state.start()
    #expect(machine.submit(1, 2).send.isEmpty)
    #expect(machine.submit(3).send.isEmpty)
    _ = machine.state.connected(now: machine.now)
    #expect(machine.reply(.status("PONG")).send.map(\.id) == [1, 2, 3])
  }

  @Test("A request that nobody waits for any more is not sent")
  func skipsAbandoned() {
    var machine = TestMachine()
    _ = machine.state.start()
    _ = machine.state.submit(
      [TestRequest(id: 1, isAbandoned: true), TestRequest(id: 2)], now: machine.now)
    _ = machine.state.connected(now: machine.now)
    #expect(machine.reply(.status("PONG")).send.map(\.id) == [2])
    #expect(machine.replyRequest() == 2)
  }

  @Test("Replies belong to the requests in their order, several to a request of several commands")
  func deliversInOrder() {
    var machine = TestMachine.ready()
    #expect(machine.state.submit([TestRequest(id: 1, replyCount: 2)], now: machine.now).send.map(\.id) == [1])
    #expect(machine.submit(2).send.map(\.id) == [2])
    #expect((1...3).map { _ in machine.replyRequest() } == [1, 1, 2])
  }

  @Test("A reply that no request waits for is a protocol violation")
  func unsolicitedReply() {
    var machine = TestMachine.ready()
    #expect(machine.reply(.integer(1)).transport == .close)
    #expect(!machine.state.isReady)
  }

  @Test("A refused handshake closes the connection, and waiting requests learn why")
  func refusedHandshake() throws {
    var machine = TestMachine()
    _ = machine.state.start()
    _ = machine.submit(1)
    _ = machine.state.connected(now: machine.now)
    #expect(machine.reply(.error(RedisError(serverReply: "WRONGPASS no"))).transport == .close)
    guard
      case .connectFailed(let error, failures: 1, _) = machine.state.closed("closed", now: machine.now).event
    else { throw Unexpected() }
    #expect(error.message.contains("WRONGPASS no"))
    let failed = machine.advance(.milliseconds(500))
    #expect(failed.failures.map(\.error.code) == [.connectFailed])
    #expect(failed.failures.first?.error.message.contains("WRONGPASS no") == true)
  }

  @Test("A handshake that is not answered in time is given up")
  func silentHandshake() {
    var machine = TestMachine()
    _ = machine.state.start()
    _ = machine.state.connected(now: machine.now)
    #expect(machine.advance(.seconds(4)).transport == nil)
    #expect(machine.advance(.seconds(1)).transport == .close)
  }

  @Test("A connection that breaks fails what was sent, and is made anew after the backoff")
  func reconnects() {
    var machine = TestMachine.ready()
    _ = machine.submit(1, 2)
    let lost = machine.state.closed("reset by peer", now: machine.now)
    #expect(lost.failures.flatMap(\.requests).map(\.id) == [1, 2])
    #expect(lost.failures.map(\.error.code) == [.connectionLost])
    #expect(lost.event == .lost(RedisError(.connectionLost, "reset by peer"), retryIn: .milliseconds(100)))
    #expect(machine.submit(3).send.isEmpty)
    #expect(machine.advance(.milliseconds(99)).transport == nil)
    #expect(machine.advance(.milliseconds(1)).transport == .connect)
    _ = machine.state.connected(now: machine.now)
    #expect(machine.reply(.status("PONG")).send.map(\.id) == [3])
  }

  @Test("Failed attempts wait longer each time, until one succeeds")
  func backsOff() {
    var machine = TestMachine()
    _ = machine.state.start()
    for milliseconds: Int64 in [100, 200, 400] {
      let failed = machine.state.connectFailed("refused", now: machine.now)
      guard case .connectFailed(_, _, retryIn: .milliseconds(milliseconds)) = failed.event else {
        Issue.record("\(String(describing: failed.event))")
        return
      }
      #expect(machine.state.nextDeadline == machine.now + .milliseconds(milliseconds))
      #expect(machine.advance(.milliseconds(milliseconds)).transport == .connect)
    }
    _ = machine.state.connected(now: machine.now)
    _ = machine.reply(.status("PONG"))
    guard case .lost(_, retryIn: .milliseconds(100)) = machine.state.closed("", now: machine.now).event else {
      Issue.record("the backoff did not begin anew")
      return
    }
  }

  @Test("A request waits for a connection for so long, and then fails with the reason")
  func connectionWait() {
    var machine = TestMachine()
    _ = machine.state.start()
    _ = machine.submit(1)
    _ = machine.state.connectFailed("connection refused", now: machine.now)
    #expect(machine.advance(.milliseconds(499)).failures.isEmpty)
    let failed = machine.advance(.milliseconds(1))
    #expect(failed.failures.flatMap(\.requests).map(\.id) == [1])
    #expect(failed.failures.first?.error.code == .connectFailed)
    #expect(failed.failures.first?.error.message.contains("connection refused") == true)
  }

  @Test("More requests than may wait are refused, and there is room again after replies")
  func overloaded() {
    var machine = TestMachine.ready(maximumPendingCommands: 3)
    let full = machine.submit(1, 2, 3, 4)
    #expect(full.send.map(\.id) == [1, 2, 3])
    #expect(full.failures.flatMap(\.requests).map(\.id) == [4])
    #expect(full.failures.map(\.error.code) == [.overloaded])
    #expect(machine.replyRequest() == 1)
    #expect(machine.submit(5).send.map(\.id) == [5])
  }

  @Test("Bytes that are not the protocol fail what was sent and close the connection once")
  func violation() {
    var machine = TestMachine.ready()
    _ = machine.submit(1)
    let error = RedisError(.protocolViolation, "junk")
    let effects = machine.state.violated(error)
    #expect(effects.transport == .close)
    #expect(effects.failures.map(\.error) == [error])
    #expect(machine.state.violated(error).transport == nil)
    #expect(machine.reply(.integer(1)).transport == nil)
  }
}

private struct Unexpected: Error {}
