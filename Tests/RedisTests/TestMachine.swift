import NIOCore

@testable import Redis

/// A request that is only a number.
struct TestRequest: PipelinedRequest {
  var id: Int
  var replyCount = 1
  var isAbandoned = false
}

/// A state machine with a clock that a test turns: 5 s for commands, 500 ms for connections, backoff 100 ms times two.
struct TestMachine {
  var state: ConnectionStateMachine<TestRequest>
  private(set) var now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

  init(handshakeCount: Int = 1, maximumPendingCommands: Int = 100, allowsReplicas: Bool = false) {
    state = ConnectionStateMachine(
      limits: .init(
        commandTimeout: .seconds(5), connectionWait: .milliseconds(500),
        maximumPendingCommands: maximumPendingCommands, allowsReplicas: allowsReplicas),
      backoff: Backoff(initial: .milliseconds(100), multiplier: 2, maximum: .seconds(2), jitter: 0),
      handshakeCount: handshakeCount, random: { 0 })
  }

  static func ready(maximumPendingCommands: Int = 100) -> TestMachine {
    var machine = TestMachine(maximumPendingCommands: maximumPendingCommands)
    _ = machine.state.start()
    _ = machine.state.connected(now: machine.now)
    _ = machine.reply(.status("PONG"))
    return machine
  }

  mutating func submit(_ ids: Int...) -> ConnectionStateMachine<TestRequest>.Effects {
    state.submit(ids.map { TestRequest(id: $0) }, now: now)
  }

  /// Lets time pass.
  mutating func advance(_ amount: TimeAmount) -> ConnectionStateMachine<TestRequest>.Effects {
    now = now + amount
    return state.timeAdvanced(to: now)
  }

  /// Receives a reply that belongs to no request.
  mutating func reply(_ value: RedisValue) -> ConnectionStateMachine<TestRequest>.Effects {
    state.read(now: now)
    if case .effects(let effects) = state.received(value) { return effects }
    return .init()
  }

  /// Receives a reply; the request it belongs to.
  mutating func replyRequest(_ value: RedisValue = .status("OK")) -> Int? {
    state.read(now: now)
    if case .deliver(let request) = state.received(value) { return request.id }
    return nil
  }
}
