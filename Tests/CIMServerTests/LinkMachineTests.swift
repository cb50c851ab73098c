import CIMCore
import CIMProtos
import NIOCore
import NgRPC
import Testing

@testable import CIMServer

@Suite("A link, seen from the server")
struct LinkMachineTests {
  private let start = NIODeadline.uptimeNanoseconds(0)
  private let hello = CimV1.LinkRequest.Frame.hello(CimV1.RouteHello(routeID: "r1#a", protocolVersion: 1))

  private func machine() -> LinkMachine { LinkMachine(timing: .defaults, now: start) }

  @Test("A hello brings it up, and frames are handled from then on")
  func up() {
    var machine = machine()
    #expect(machine.received(hello, at: start) == .up(routeID: "r1#a"))
    #expect(machine.received(.deliver(CimV1.Deliver()), at: start) == .handle(.deliver(CimV1.Deliver())))
    #expect(machine.received(.ping(CimV1.LinkPing()), at: start) == .nothing)
  }

  @Test("Frames that are not known, and a second hello, are ignored")
  func ignored() {
    var machine = machine()
    _ = machine.received(hello, at: start)
    #expect(machine.received(nil, at: start) == .ignore)
    #expect(machine.received(hello, at: start) == .ignore)
  }

  @Test("Anything but a hello first ends it")
  func noHello() {
    var machine = machine()
    guard case .end(.failedPrecondition, _) = machine.received(.deliver(CimV1.Deliver()), at: start) else {
      Issue.record("it went on")
      return
    }
  }

  @Test("It pings every second, whatever else it sends, and is down after three of the route's silence")
  func heartbeat() {
    var machine = machine()
    _ = machine.received(hello, at: start)
    #expect(machine.check(at: start + .milliseconds(999)) == .nothing)
    #expect(machine.check(at: start + .seconds(1)) == .ping)
    #expect(machine.check(at: start + .milliseconds(1500)) == .nothing)
    #expect(machine.check(at: start + .seconds(2)) == .ping)
    guard case .end(.unavailable, _) = machine.check(at: start + .seconds(3)) else {
      Issue.record("a silent link is still up")
      return
    }
    #expect(machine.check(at: start + .seconds(9)) == .nothing)
  }
}
