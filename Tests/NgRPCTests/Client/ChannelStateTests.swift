import NIOCore
import Testing

@testable import NgRPC

@Suite("A channel's state")
struct ChannelStateTests {
  private func admits(_ state: ChannelState, _ waitForReady: Bool) -> String {
    switch state.admit(waitForReady: waitForReady) {
    case .wait: "wait"
    case .connectAndWait: "connect"
    case .fail(let error): "\(error.code)"
    }
  }

  @Test("The first call starts the resolver, whose first addresses are connected to")
  func connects() {
    var state = ChannelState(.pickFirst)
    #expect(state.connectivity == .idle)
    #expect(admits(state, false) == "connect")
    let started = state.connect()
    #expect(started == [.startResolving])
    #expect(state.connectivity == .connecting)
    #expect(admits(state, false) == "wait")
    let resolved = state.resolved([address(1)])
    #expect(resolved == [.balance(.create(address(1))), .balance(.cancelAttemptDelay)])
    _ = state.subchannel(address(1), became: .ready, isInUse: true)
    #expect(state.connectivity == .ready)
    #expect(state.readyAddresses == [address(1)])
  }

  @Test(
    "Calls fail fast in TRANSIENT_FAILURE and SHUTDOWN only, and in the first not when they wait for ready")
  func failFast() {
    var state = ChannelState(.pickFirst)
    _ = state.connect()
    _ = state.resolved([address(1)])
    #expect(admits(state, false) == "wait")
    _ = state.subchannel(address(1), became: .transientFailure(refused), isInUse: true)
    #expect(admits(state, false) == "UNAVAILABLE")
    #expect(admits(state, true) == "wait")
    let actions = state.shutdown()
    #expect(
      actions == [.stopResolving, .balance(.cancelAttemptDelay), .balance(.remove(address(1)))])
    #expect(admits(state, true) == "UNAVAILABLE")
    let late = state.resolved([address(2)])
    #expect(late.isEmpty)
  }

  @Test("A resolver that fails fails the calls until it finds something; what it has found stands")
  func resolverFailure() {
    var state = ChannelState(.roundRobin)
    _ = state.connect()
    state.resolverFailed(refused)
    #expect(state.connectivity == .transientFailure)
    #expect(state.failure?.message == "refused")
    _ = state.resolved([address(1)])
    _ = state.subchannel(address(1), became: .ready, isInUse: true)
    state.resolverFailed(refused)
    #expect(state.connectivity == .ready)
  }

  @Test("An idle channel lets go of everything, and begins anew with the next call")
  func idles() {
    var state = ChannelState(.roundRobin)
    _ = state.connect()
    _ = state.resolved([address(1)])
    _ = state.subchannel(address(1), became: .ready, isInUse: false)
    let actions = state.enterIdle()
    #expect(actions == [.stopResolving, .balance(.remove(address(1)))])
    #expect(state.connectivity == .idle)
    let again = state.connect()
    #expect(again == [.startResolving])
  }
}

private final class Waiter: Queueable {
  let name: Int
  var links = QueueLinks<Waiter>()

  init(_ name: Int) { self.name = name }
}

@Suite("The queue of calls")
struct LinkedQueueTests {
  @Test("Elements leave from the front in order, and at once from anywhere")
  func order() {
    var queue = LinkedQueue<Waiter>()
    let waiters = (0..<6).map(Waiter.init)
    for waiter in waiters { queue.append(waiter) }
    for index in [2, 0, 5, 2] { queue.remove(waiters[index]) }
    let first = queue.popFirst()?.name
    #expect(first == 1)
    queue.append(waiters[2])
    let rest = queue.removeAll().map(\.name)
    #expect(rest == [3, 4, 2])
    #expect(queue.isEmpty)
  }

  @Test("What left is held no more")
  func memory() {
    var queue = LinkedQueue<Waiter>()
    weak var gone: Waiter?
    do {
      let (first, second) = (Waiter(1), Waiter(2))
      queue.append(first)
      queue.append(second)
      gone = first
      queue.remove(first)
    }
    #expect(gone == nil)
    _ = queue.removeAll()
  }
}
