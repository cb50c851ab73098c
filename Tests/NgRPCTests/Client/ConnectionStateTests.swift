import NIOCore
import Testing

@testable import NgRPC

extension NIODeadline {
  static func seconds(_ seconds: Double) -> NIODeadline { .uptimeNanoseconds(UInt64(seconds * 1e9)) }
}

@Suite("A subchannel")
struct SubchannelStateTests {
  @Test("Waits grow by 1.6 up to 120 s, and begin anew after SETTINGS have come")
  func backoff() {
    var state = SubchannelState(backoff: ConnectionBackoff())
    var delays: [TimeAmount] = []
    for _ in 0..<20 {
      _ = state.connect(at: .seconds(1))
      delays.append(state.connectFailed(at: .seconds(1), random: 0)!)
      _ = state.backoffElapsed()
    }
    #expect(delays[..<3] == [.seconds(1), .milliseconds(1600), .milliseconds(2560)])
    #expect(delays.last == .seconds(120))
    _ = state.connect(at: .seconds(1))
    let wanted = state.receivedSettings()
    #expect(wanted)
    let used = state.disconnected()
    #expect(used)
    _ = state.connect(at: .seconds(1))
    let delay = state.connectFailed(at: .seconds(1), random: 1)
    #expect(delay == .milliseconds(1200))
  }

  @Test("Backoff counts from the attempt's beginning")
  func slowFailure() {
    var state = SubchannelState(backoff: ConnectionBackoff())
    _ = state.connect(at: .seconds(10))
    let left = state.connectFailed(at: .seconds(10.75), random: 0)
    #expect(left == .milliseconds(250))
    _ = state.backoffElapsed()
    _ = state.connect(at: .seconds(20))
    let nothing = state.connectFailed(at: .seconds(40), random: 0)
    #expect(nothing == .zero)
  }

  @Test("It connects when it is idle only, and not at all after shutdown")
  func connects() {
    var state = SubchannelState(backoff: ConnectionBackoff())
    let first = state.connect(at: .seconds(0))
    let second = state.connect(at: .seconds(0))
    #expect(first && !second)
    #expect(state.connectivity == .connecting)
    state.shutdown()
    let late = state.receivedSettings()
    let failed = state.connectFailed(at: .seconds(1), random: 0)
    let again = state.connect(at: .seconds(1))
    #expect(!late && failed == nil && !again)
  }

  @Test("A configuration beyond reason neither traps nor spins")
  func oddBackoff() {
    var backoff = ConnectionBackoff()
    backoff.multiplier = 0
    backoff.jitter = 7
    #expect(backoff.delay(afterFailures: 1_000_000, random: 1) == .seconds(2))
    backoff.initial = .seconds(-1)
    #expect(backoff.delay(afterFailures: 3, random: 1) == .zero)
  }
}

@Suite("A client's keepalive")
struct ClientKeepaliveTests {
  private let keepalive = ClientKeepalive(
    interval: .seconds(10), timeout: .seconds(20), permitWithoutCalls: false)

  @Test("A ping goes out when nothing was read for the interval, and what comes answers it")
  func pings() {
    var keepalive = keepalive
    let early = keepalive.check(at: .seconds(5), lastRead: .seconds(1), hasCalls: true)
    #expect(early == .wait(until: .seconds(11)))
    let ping = keepalive.check(at: .seconds(11), lastRead: .seconds(1), hasCalls: true)
    #expect(ping == .ping(until: .seconds(31)))
    let answered = keepalive.check(at: .seconds(31), lastRead: .seconds(12), hasCalls: true)
    #expect(answered == .ping(until: .seconds(51)))
    let waiting = keepalive.check(at: .seconds(40), lastRead: .seconds(12), hasCalls: true)
    #expect(waiting == .wait(until: .seconds(51)))
    let dead = keepalive.check(at: .seconds(51), lastRead: .seconds(12), hasCalls: true)
    #expect(dead == .close)
  }

  @Test("Without calls it sleeps, unless it is permitted not to")
  func sleeps() {
    var keepalive = keepalive
    let asleep = keepalive.check(at: .seconds(100), lastRead: .seconds(1), hasCalls: false)
    #expect(asleep == .sleep)
    var eager = ClientKeepalive(interval: .seconds(10), timeout: .seconds(20), permitWithoutCalls: true)
    let ping = eager.check(at: .seconds(100), lastRead: .seconds(1), hasCalls: false)
    #expect(ping == .ping(until: .seconds(120)))
  }

  @Test("An interval of less than 10 s counts as 10 s")
  func minimum() {
    #expect(RPCChannel.Configuration.Keepalive(interval: .seconds(1)).effectiveInterval == .seconds(10))
    #expect(RPCChannel.Configuration.Keepalive(interval: .minutes(1)).effectiveInterval == .minutes(1))
  }
}

@Suite("A channel's idleness")
struct ChannelIdlenessTests {
  @Test("It begins with the last call's end")
  func idle() {
    var idleness = ChannelIdleness(timeout: .seconds(30))
    idleness.begin(at: .seconds(0))
    idleness.callStarted()
    idleness.callStarted()
    #expect(!idleness.isIdle(at: .seconds(100)))
    idleness.callEnded(at: .seconds(110))
    #expect(idleness.hasCalls)
    idleness.callEnded(at: .seconds(120))
    #expect(idleness.checkTime(from: .seconds(121)) == .seconds(150))
    #expect(!idleness.isIdle(at: .seconds(149)))
    #expect(idleness.isIdle(at: .seconds(150)))
  }

  @Test("Without a timeout there is none")
  func never() {
    let idleness = ChannelIdleness(timeout: nil)
    #expect(idleness.checkTime(from: .seconds(1)) == nil)
    #expect(!idleness.isIdle(at: .seconds(1_000_000)))
  }
}

@Suite("The schedule of name resolution")
struct ResolutionScheduleTests {
  @Test("Names are resolved again at most once per interval, however often that is asked for")
  func rateLimit() {
    var schedule = ResolutionSchedule(minInterval: .seconds(30), backoff: ConnectionBackoff())
    let first = schedule.start(at: .seconds(100))
    #expect(first == .resolve)
    let meanwhile = schedule.request(at: .seconds(100))
    #expect(meanwhile == .nothing)
    schedule.succeeded()
    let soon = schedule.request(at: .seconds(110))
    #expect(soon == .wait(until: .seconds(130)))
    let again = schedule.request(at: .seconds(111))
    #expect(again == .nothing)
    let due = schedule.timeCame(at: .seconds(130))
    #expect(due == .resolve)
    schedule.succeeded()
    let late = schedule.request(at: .seconds(200))
    #expect(late == .resolve)
  }

  @Test("A failure is tried again with backoff, and nothing happens after the stop")
  func failure() {
    var schedule = ResolutionSchedule(minInterval: .seconds(30), backoff: ConnectionBackoff())
    _ = schedule.start(at: .seconds(100))
    let first = schedule.failed(at: .seconds(101), random: 0)
    #expect(first == .wait(until: .seconds(102)))
    _ = schedule.timeCame(at: .seconds(102))
    let second = schedule.failed(at: .seconds(102), random: 0)
    #expect(second == .wait(until: .seconds(103.6)))
    schedule.stop()
    let stopped = schedule.timeCame(at: .seconds(104))
    #expect(stopped == .nothing)
    let started = schedule.start(at: .seconds(105))
    #expect(started == .resolve)
  }
}
