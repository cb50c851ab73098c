import NIOCore
import Testing

@testable import NgRPC

/// The address 10.0.0.n.
func address(_ number: Int) -> ServerAddress {
  ServerAddress(
    socket: try! SocketAddress(ipAddress: "10.0.0.\(number)", port: 1), host: "10.0.0.\(number)",
    authority: "10.0.0.\(number):1")
}

let refused = RPCError(code: .unavailable, message: "refused")

@Suite("pick_first")
struct PickFirstTests {
  private func connecting(_ count: Int) -> PickFirst {
    var balancer = PickFirst()
    _ = balancer.update((1...count).map(address))
    _ = balancer.connect()
    return balancer
  }

  @Test("Nothing is connected before a call wants it")
  func idle() {
    var balancer = PickFirst()
    let actions = balancer.update([address(1)])
    #expect(actions.isEmpty)
    #expect(balancer.connectivity == .idle)
  }

  @Test("The next address is tried when one has failed, and the first that answers is taken")
  func failover() {
    var balancer = PickFirst()
    _ = balancer.update([address(1), address(2)])
    let first = balancer.connect()
    #expect(first == [.create(address(1)), .startAttemptDelay])
    let second = balancer.subchannel(address(1), became: .transientFailure(refused), isInUse: true)
    #expect(second == [.create(address(2)), .cancelAttemptDelay])
    #expect(balancer.connectivity == .connecting)
    let taken = balancer.subchannel(address(2), became: .ready, isInUse: true)
    #expect(taken == [.cancelAttemptDelay, .remove(address(1))])
    #expect(balancer.readyAddresses == [address(2)])
  }

  @Test("An address that does not answer in time is not waited for, and not given up either")
  func happyEyeballs() {
    var balancer = connecting(3)
    let second = balancer.attemptDelayElapsed()
    #expect(second == [.create(address(2)), .startAttemptDelay])
    let third = balancer.attemptDelayElapsed()
    #expect(third == [.create(address(3)), .cancelAttemptDelay])
    let late = balancer.attemptDelayElapsed()
    #expect(late.isEmpty)
    let taken = balancer.subchannel(address(1), became: .ready, isInUse: true)
    #expect(taken == [.cancelAttemptDelay, .remove(address(2)), .remove(address(3))])
    #expect(balancer.connectivity == .ready)
  }

  @Test("When all have failed the state is TRANSIENT_FAILURE until one is ready, whatever is tried meanwhile")
  func sticky() {
    var balancer = connecting(2)
    _ = balancer.subchannel(address(1), became: .transientFailure(refused), isInUse: true)
    let last = balancer.subchannel(address(2), became: .transientFailure(refused), isInUse: true)
    #expect(last == [.resolveAgain])
    #expect(balancer.connectivity == .transientFailure)
    let again = balancer.subchannel(address(1), became: .idle, isInUse: false)
    #expect(again == [.connect(address(1))])
    #expect(balancer.connectivity == .transientFailure)
    let failed = balancer.subchannel(address(1), became: .transientFailure(refused), isInUse: false)
    #expect(failed.isEmpty)
    _ = balancer.subchannel(address(1), became: .idle, isInUse: false)
    let second = balancer.subchannel(address(1), became: .transientFailure(refused), isInUse: false)
    #expect(second == [.resolveAgain], "as many failures as addresses")
    let ready = balancer.subchannel(address(2), became: .ready, isInUse: false)
    #expect(ready == [.cancelAttemptDelay, .remove(address(1))])
    #expect(balancer.connectivity == .ready)
  }

  @Test("A backoff that is over within the first pass waits for the pass's end")
  func backoffWithinPass() {
    var balancer = connecting(2)
    _ = balancer.subchannel(address(1), became: .transientFailure(refused), isInUse: true)
    let over = balancer.subchannel(address(1), became: .idle, isInUse: true)
    #expect(over.isEmpty)
    let ended = balancer.subchannel(address(2), became: .transientFailure(refused), isInUse: true)
    #expect(ended == [.resolveAgain, .connect(address(1))])
  }

  @Test(
    "A lost connection is made again when calls are open, and else when one wants it",
    arguments: [true, false])
  func lost(isInUse: Bool) {
    var balancer = connecting(1)
    _ = balancer.subchannel(address(1), became: .ready, isInUse: true)
    let actions = balancer.subchannel(address(1), became: .idle, isInUse: isInUse)
    let always: [BalancerAction] = [.remove(address(1)), .resolveAgain]
    #expect(actions == always + (isInUse ? [.create(address(1)), .cancelAttemptDelay] : []))
    #expect(balancer.connectivity == (isInUse ? .connecting : .idle))
  }

  @Test("A connection stays while the resolver knows its address, and is left when it does not")
  func update() {
    var balancer = connecting(1)
    _ = balancer.subchannel(address(1), became: .ready, isInUse: true)
    let kept = balancer.update([address(2), address(1)])
    #expect(kept.isEmpty)
    #expect(balancer.connectivity == .ready)
    let moved = balancer.update([address(2)])
    #expect(moved == [.remove(address(1)), .create(address(2)), .cancelAttemptDelay])
    #expect(balancer.connectivity == .connecting)
  }

  @Test("Addresses that came and failed before are not tried again because others come")
  func updateWithinFailure() {
    var balancer = connecting(1)
    _ = balancer.subchannel(address(1), became: .transientFailure(refused), isInUse: true)
    let actions = balancer.update([address(1), address(2)])
    #expect(actions == [.create(address(2)), .cancelAttemptDelay])
    #expect(balancer.connectivity == .transientFailure)
  }

  @Test("No addresses at all is a failure that says so")
  func none() {
    var balancer = connecting(1)
    let actions = balancer.update([])
    #expect(actions == [.remove(address(1)), .cancelAttemptDelay, .resolveAgain])
    #expect(balancer.connectivity == .transientFailure)
    #expect(balancer.failure?.message.contains("no addresses") == true)
    let found = balancer.update([address(2)])
    #expect(found == [.create(address(2)), .cancelAttemptDelay])
  }

  @Test("Families take turns, beginning with the resolver's first")
  func families() throws {
    let names = ["::1", "::2", "::3", "1.1.1.1", "1.1.1.2"]
    let addresses = try names.map {
      ServerAddress(socket: try SocketAddress(ipAddress: $0, port: 1), host: $0, authority: $0)
    }
    #expect(addresses.interleavingFamilies().map(\.host) == ["::1", "1.1.1.1", "::2", "1.1.1.2", "::3"])
  }
}
