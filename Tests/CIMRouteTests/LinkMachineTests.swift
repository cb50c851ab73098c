import CIMCore
import CIMProtos
import NIOCore
import Testing

@testable import CIMRoute

@Suite("A link, seen from the route")
struct LinkMachineTests {
  private let start = NIODeadline.uptimeNanoseconds(0)
  private let instance: ServerInstance
  private let hello: CimV1.LinkResponse.Frame

  init() throws {
    instance = ServerInstance(id: try ServerID("s1"), incarnation: try Incarnation("a"))
    hello = .hello(CimV1.ServerHello(serverID: "s1", incarnation: "a", protocolVersion: 1))
  }

  private func machine() -> LinkMachine {
    LinkMachine(to: instance, timing: .defaults, backoff: .defaults, now: start)
  }

  private func interest(_ version: UInt64) -> CimV1.Interest {
    CimV1.Interest(version: version, added: ["lobby"])
  }

  private func up() -> LinkMachine {
    var machine = machine()
    _ = machine.check(at: start, random: 0.5)
    _ = machine.received(hello, attempt: 1, at: start, random: 0.5)
    _ = machine.received(.interest(interest(1)), attempt: 1, at: start, random: 0.5)
    return machine
  }

  @Test("It is useful once the server has introduced itself and told its conversations")
  func opening() {
    var machine = machine()
    #expect(machine.check(at: start, random: 0.5) == .open(attempt: 1))
    #expect(machine.received(hello, attempt: 1, at: start, random: 0.5) == .nothing)
    #expect(!machine.isUp)
    let first = machine.received(.interest(interest(1)), attempt: 1, at: start, random: 0.5)
    #expect(first == .interest(interest(1), isFirst: true))
    #expect(machine.isUp)
    let second = machine.received(.interest(interest(2)), attempt: 1, at: start, random: 0.5)
    #expect(second == .interest(interest(2), isFirst: false))
  }

  @Test("Another server than the registered one is not believed, nor another registration of it")
  func impostor() {
    for (id, incarnation) in [("s2", "a"), ("s1", "b")] {
      var machine = machine()
      _ = machine.check(at: start, random: 0.5)
      let hello = CimV1.ServerHello(serverID: id, incarnation: incarnation, protocolVersion: 1)
      guard case .giveUp(let reason) = machine.received(.hello(hello), attempt: 1, at: start, random: 0.5)
      else {
        Issue.record("\(id)#\(incarnation) was believed")
        return
      }
      #expect(reason.contains("s1#a"))
    }
  }

  @Test("A try without an answer is given up after three seconds, and made again after a pause")
  func noAnswer() {
    var machine = machine()
    _ = machine.check(at: start, random: 0.5)
    #expect(machine.check(at: start + .milliseconds(2999), random: 0.5) == .nothing)
    let down = start + .seconds(3)
    guard case .giveUp = machine.check(at: down, random: 0.5) else {
      Issue.record("a silent server is waited for")
      return
    }
    #expect(machine.check(at: down + .milliseconds(99), random: 0.5) == .nothing)
    #expect(machine.check(at: down + .milliseconds(100), random: 0.5) == .open(attempt: 2))
  }

  @Test("The pauses grow with each failure in a row, and begin anew once it was up")
  func pauses() {
    var machine = machine()
    var now = start
    for pause in [100, 160, 256] as [Int64] {
      _ = machine.check(at: now, random: 0.5)
      _ = machine.closed(attempt: machine.attempt, reason: "refused", at: now, random: 0.5)
      #expect(machine.check(at: now + .milliseconds(pause - 1), random: 0.5) == .nothing)
      now = now + .milliseconds(pause)
    }
    #expect(machine.check(at: now, random: 0.5) == .open(attempt: 4))
    _ = machine.received(hello, attempt: 4, at: now, random: 0.5)
    _ = machine.received(.interest(interest(1)), attempt: 4, at: now, random: 0.5)
    _ = machine.closed(attempt: 4, reason: "gone", at: now, random: 0.5)
    #expect(machine.check(at: now + .milliseconds(100), random: 0.5) == .open(attempt: 5))
  }

  @Test("It pings when it said nothing for a second, and is down when it heard nothing for three")
  func heartbeat() {
    var machine = up()
    #expect(machine.check(at: start + .milliseconds(999), random: 0.5) == .nothing)
    #expect(machine.check(at: start + .seconds(1), random: 0.5) == .ping)
    guard case .giveUp = machine.check(at: start + .seconds(3), random: 0.5) else {
      Issue.record("a silent link is up")
      return
    }
    #expect(!machine.isUp)
  }

  @Test("Any frame is a sign of life")
  func alive() {
    var machine = up()
    _ = machine.received(.ping(CimV1.LinkPing()), attempt: 1, at: start + .seconds(2), random: 0.5)
    _ = machine.check(at: start + .seconds(3), random: 0.5)
    #expect(machine.isUp)
  }

  @Test("A route that slept past the time handles nothing of what waited: it was asked elsewhere")
  func slept() {
    var machine = up()
    let opened = CimV1.LinkResponse.Frame.sessionOpened(CimV1.SessionOpened(requestID: 1))
    guard case .giveUp = machine.received(opened, attempt: 1, at: start + .seconds(3), random: 0.5) else {
      Issue.record("an old request is handled")
      return
    }
    #expect(machine.received(opened, attempt: 1, at: start + .seconds(3), random: 0.5) == .nothing)
  }

  @Test("What comes from an earlier try is ignored")
  func earlierTry() {
    var machine = up()
    _ = machine.closed(attempt: 1, reason: "gone", at: start, random: 0.5)
    #expect(machine.check(at: start + .seconds(1), random: 0.5) == .open(attempt: 2))
    #expect(machine.received(hello, attempt: 1, at: start, random: 0.5) == .nothing)
    #expect(machine.closed(attempt: 1, reason: "gone again", at: start, random: 0.5) == .nothing)
    #expect(machine.attempt == 2)
  }

  @Test("Interest of a version that is known, and frames that are not, are ignored")
  func ignored() {
    var machine = up()
    #expect(machine.received(.interest(interest(1)), attempt: 1, at: start, random: 0.5) == .ignore)
    #expect(machine.received(nil, attempt: 1, at: start, random: 0.5) == .ignore)
  }

  @Test("What a ping says of the server's clients is handed on, before the link is up too")
  func connections() {
    var machine = machine()
    _ = machine.check(at: start, random: 0.5)
    _ = machine.received(hello, attempt: 1, at: start, random: 0.5)
    let load = CimV1.LinkPing(connections: 7)
    let told = CimV1.LinkResponse.Frame.ping(load)
    #expect(machine.received(told, attempt: 1, at: start, random: 0.5) == .load(load))
    #expect(
      machine.received(.ping(CimV1.LinkPing()), attempt: 1, at: start, random: 0.5) == .nothing)
  }

  @Test("A link that was stopped stays so")
  func stopped() {
    var machine = up()
    machine.stop()
    #expect(machine.check(at: start + .seconds(60), random: 0.5) == .nothing)
    #expect(machine.received(hello, attempt: 1, at: start, random: 0.5) == .nothing)
  }
}
