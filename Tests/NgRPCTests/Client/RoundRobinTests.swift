import Testing

@testable import NgRPC

@Suite("round_robin")
struct RoundRobinTests {
  private func connecting() -> RoundRobin {
    var balancer = RoundRobin()
    _ = balancer.update([address(1), address(2)])
    _ = balancer.connect()
    return balancer
  }

  @Test("Every address gets a connection, when a call wants one")
  func connects() {
    var balancer = RoundRobin()
    let idle = balancer.update([address(1), address(2)])
    #expect(idle.isEmpty)
    #expect(balancer.connectivity == .idle)
    let actions = balancer.connect()
    #expect(actions == [.create(address(1)), .create(address(2))])
    #expect(balancer.connectivity == .connecting)
  }

  @Test("READY when any is, CONNECTING when any may be, else TRANSIENT_FAILURE")
  func aggregate() {
    var balancer = connecting()
    let failed = balancer.subchannel(address(1), became: .transientFailure(refused), isInUse: true)
    #expect(failed == [.resolveAgain])
    #expect(balancer.connectivity == .connecting)
    _ = balancer.subchannel(address(2), became: .transientFailure(refused), isInUse: true)
    #expect(balancer.connectivity == .transientFailure)
    let again = balancer.subchannel(address(1), became: .idle, isInUse: true)
    #expect(again == [.connect(address(1))])
    #expect(balancer.connectivity == .transientFailure, "until it is ready")
    _ = balancer.subchannel(address(1), became: .ready, isInUse: true)
    #expect(balancer.connectivity == .ready)
    #expect(balancer.readyAddresses == [address(1)])
  }

  @Test("A connection that goes is made again at once, in use or not")
  func reconnects() {
    var balancer = connecting()
    _ = balancer.subchannel(address(1), became: .ready, isInUse: false)
    let actions = balancer.subchannel(address(1), became: .idle, isInUse: false)
    #expect(actions == [.resolveAgain, .connect(address(1))])
    #expect(balancer.connectivity == .connecting)
  }

  @Test("Addresses come and go; those that stay keep their connections")
  func update() {
    var balancer = connecting()
    _ = balancer.subchannel(address(2), became: .ready, isInUse: false)
    let actions = balancer.update([address(3), address(2)])
    #expect(actions == [.remove(address(1)), .create(address(3))])
    #expect(balancer.readyAddresses == [address(2)])
    let none = balancer.update([])
    #expect(none == [.remove(address(3)), .remove(address(2))])
    #expect(balancer.connectivity == .transientFailure)
  }

  @Test("Picks take turns and pass by those without room")
  func picks() {
    var picker = Picker(["a", "b", "c"], start: 4)
    let all = (0..<4).map { _ in picker.pick { _ in true } }
    #expect(all == ["b", "c", "a", "b"])
    let some = (0..<3).map { _ in picker.pick { $0 != "c" } }
    #expect(some == ["a", "b", "a"])
    let none = picker.pick { _ in false }
    #expect(none == nil)
  }
}
