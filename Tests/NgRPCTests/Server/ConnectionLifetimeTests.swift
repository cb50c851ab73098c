import NIOCore
import Testing

@testable import NgRPC

/// A connection's rules, driven by hand: no sockets, no clock.
@Suite("A connection's lifetime at the server")
struct ConnectionLifetimeTests {
  private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
  private var rules = RPCServer.Configuration()

  private func at(_ seconds: Double) -> NIODeadline {
    Self.start + .milliseconds(Int64(seconds * 1000))
  }

  private func opened(jitter: Double = 0) -> ConnectionLifetime {
    var lifetime = ConnectionLifetime(rules, now: at(0), jitter: jitter)
    lifetime.receivedPreface(rules, now: at(0))
    return lifetime
  }

  private func facts(read: Double = 0, streams: Int = 0) -> ConnectionLifetime.Facts {
    ConnectionLifetime.Facts(lastRead: at(read), openStreams: streams)
  }

  @Test("A connection without a preface is closed in time, and one with is not")
  func preface() {
    var silent = ConnectionLifetime(rules, now: at(0), jitter: 0)
    #expect(silent.nextDeadline == at(20))
    #expect(silent.deadlineReached(rules, facts(), now: at(19.9)) == nil)
    #expect(silent.deadlineReached(rules, facts(), now: at(20)) == .close(.noPreface))
    var usual = opened()
    #expect(usual.deadlineReached(rules, facts(), now: at(20)) == nil)
    #expect(usual.nextDeadline == at(7200))
  }

  // MARK: Keepalive

  @Test("A silent client is probed after the time since its last byte, and closed when it does not answer")
  mutating func keepalive() {
    rules.keepalive.time = .seconds(60)
    var lifetime = opened()
    #expect(lifetime.nextDeadline == at(60))
    #expect(lifetime.deadlineReached(rules, facts(read: 45), now: at(60)) == nil)
    #expect(lifetime.nextDeadline == at(105))
    #expect(
      lifetime.deadlineReached(rules, facts(read: 45), now: at(105))
        == .ping(ConnectionLifetime.keepalivePing))
    #expect(lifetime.deadlineReached(rules, facts(read: 45), now: at(105)) == nil)
    #expect(lifetime.nextDeadline == at(125))
    #expect(lifetime.deadlineReached(rules, facts(read: 45), now: at(125)) == .close(.keepaliveTimeout))
  }

  @Test("Any byte answers a keepalive PING, and the time runs from it")
  mutating func keepaliveAnswered() {
    rules.keepalive.time = .seconds(60)
    var lifetime = opened()
    #expect(lifetime.deadlineReached(rules, facts(), now: at(60)) == .ping(ConnectionLifetime.keepalivePing))
    #expect(lifetime.deadlineReached(rules, facts(read: 61), now: at(80)) == nil)
    #expect(lifetime.nextDeadline == at(121))
    #expect(
      lifetime.deadlineReached(rules, facts(read: 61), now: at(121))
        == .ping(ConnectionLifetime.keepalivePing))
  }

  @Test("Without keepalive there is nothing to wait for")
  mutating func keepaliveOff() {
    rules.keepalive.time = nil
    #expect(opened().nextDeadline == .distantFuture)
  }

  // MARK: The client's PINGs

  @Test("PINGs that come too soon are strikes; one more than allowed sends the client away")
  func tooManyPings() {
    var lifetime = opened()
    var actions: [ConnectionLifetime.Action?] = []
    for second in 1...4 {
      actions.append(lifetime.receivedPing(rules, openStreams: 1, framesSent: 0, now: at(Double(second))))
    }
    #expect(actions == [nil, nil, nil, .refuse(.tooManyPings)])
    #expect(lifetime.receivedPing(rules, openStreams: 1, framesSent: 0, now: at(5)) == nil)
    #expect(lifetime.deadlineReached(rules, facts(read: 5), now: at(8.9)) == nil)
    #expect(lifetime.deadlineReached(rules, facts(read: 9), now: at(9)) == .close(.unread))
  }

  @Test("A client that is sent something may ask as often as it is")
  func strikesForgiven() {
    var lifetime = opened()
    for second in 1...100 {
      let action = lifetime.receivedPing(
        rules, openStreams: 1, framesSent: UInt32(second / 3), now: at(Double(second)))
      #expect(action == nil)
    }
  }

  @Test("PINGs at the allowed pace are no strikes, with calls or with leave")
  mutating func allowedPings() {
    for (streams, leave) in [(1, false), (0, true)] {
      rules.keepalive.permitsPingsWithoutCalls = leave
      var lifetime = opened()
      for count in 1...10 {
        #expect(
          lifetime.receivedPing(rules, openStreams: streams, framesSent: 0, now: at(Double(count) * 300))
            == nil)
      }
    }
  }

  @Test("Without calls and without leave the same pace is too fast")
  func pingsWithoutCalls() {
    var lifetime = opened()
    let actions = (1...4).map {
      lifetime.receivedPing(rules, openStreams: 0, framesSent: 0, now: at(Double($0) * 300))
    }
    #expect(actions.last == .refuse(.tooManyPings))
    #expect(actions.dropLast().allSatisfy { $0 == nil })
  }

  // MARK: Age, idleness and the end

  @Test("An old connection is asked to end, give or take a tenth, and is closed when the grace is over")
  mutating func age() {
    rules.lifetime.maxAge = .seconds(100)
    rules.lifetime.grace = .seconds(10)
    #expect(opened(jitter: -1).nextDeadline == at(90))
    var lifetime = opened(jitter: 1)
    #expect(lifetime.nextDeadline == at(110))
    #expect(lifetime.deadlineReached(rules, facts(streams: 1), now: at(110)) == .announceEnd)
    #expect(lifetime.receivedPingAck(7) == nil)
    #expect(lifetime.receivedPingAck(ConnectionLifetime.endPing) == .end)
    #expect(lifetime.receivedPingAck(ConnectionLifetime.endPing) == nil)
    #expect(lifetime.deadlineReached(rules, facts(streams: 1), now: at(119.9)) == nil)
    #expect(lifetime.deadlineReached(rules, facts(streams: 1), now: at(120)) == .close(.graceOver))
  }

  @Test("A connection without calls ends after the idle time, counted from its last call")
  mutating func idle() {
    rules.lifetime.maxIdle = .seconds(30)
    var unused = opened()
    #expect(unused.deadlineReached(rules, facts(), now: at(30)) == .announceEnd)
    var used = opened()
    #expect(used.deadlineReached(rules, facts(streams: 1), now: at(30)) == nil)
    #expect(used.nextDeadline == at(7200))
    used.becameIdle(rules, now: at(50))
    #expect(used.nextDeadline == at(80))
    #expect(used.deadlineReached(rules, facts(), now: at(79)) == nil)
    #expect(used.deadlineReached(rules, facts(), now: at(80)) == .announceEnd)
  }

  @Test("A client that never answers the end's PING is told the end all the same")
  func endWithoutAnswer() {
    var lifetime = opened()
    #expect(lifetime.end(rules, grace: .seconds(60), now: at(0)) == .announceEnd)
    #expect(lifetime.end(rules, grace: .seconds(60), now: at(1)) == nil)
    #expect(lifetime.nextDeadline == at(20))
    #expect(lifetime.deadlineReached(rules, facts(streams: 1), now: at(20)) == .end)
    #expect(lifetime.deadlineReached(rules, facts(streams: 1), now: at(60)) == .close(.graceOver))
  }

  @Test("A second end may shorten the grace, never lengthen it")
  func shorterGrace() {
    var lifetime = opened()
    _ = lifetime.end(rules, grace: .seconds(60), now: at(0))
    _ = lifetime.end(rules, grace: .seconds(5), now: at(1))
    #expect(lifetime.deadlineReached(rules, facts(streams: 1), now: at(6)) == .close(.graceOver))
  }

  @Test("A connection that is not in use yet is closed at once when the server stops")
  func endBeforePreface() {
    var lifetime = ConnectionLifetime(rules, now: at(0), jitter: 0)
    #expect(lifetime.end(rules, grace: .seconds(60), now: at(1)) == .close(.notStarted))
  }

  // MARK: Slow clients

  @Test("A block of headers that does not end is given up; one that ends, and others after it, are not")
  func headers() {
    var slow = opened()
    slow.headersUnfinished(rules, block: 1, now: at(0))
    slow.headersUnfinished(rules, block: 1, now: at(15))
    var seen = facts()
    seen.headerBlocks = 1
    seen.isReceivingHeaders = true
    #expect(slow.deadlineReached(rules, seen, now: at(20)) == .close(.unfinishedHeaders))

    var busy = opened()
    busy.headersUnfinished(rules, block: 1, now: at(0))
    seen.headerBlocks = 2
    #expect(busy.deadlineReached(rules, seen, now: at(20)) == nil)
    seen.isReceivingHeaders = false
    #expect(busy.deadlineReached(rules, seen, now: at(40)) == nil)
    #expect(busy.nextDeadline == at(7200))
  }

  @Test("A client that takes nothing of what waits for it is given up; one that takes a little is not")
  func blockedOutput() {
    for (before, later) in [
      (HTTP2Connection.Blockade.socket(bytesTaken: 1000), HTTP2Connection.Blockade.socket(bytesTaken: 1001)),
      (.windows(bytesSent: 7), .windows(bytesSent: 8)),
    ] {
      var lifetime = opened()
      lifetime.outputBlocked(rules, by: before, now: at(0))
      var seen = facts(read: 60)
      seen.blockade = later
      #expect(lifetime.deadlineReached(rules, seen, now: at(60)) == nil)
      #expect(lifetime.nextDeadline == at(120))
      #expect(lifetime.deadlineReached(rules, seen, now: at(120)) == .close(.blockedOutput))
      var free = opened()
      free.outputBlocked(rules, by: before, now: at(0))
      #expect(free.deadlineReached(rules, facts(read: 60), now: at(60)) == nil)
      #expect(free.nextDeadline == at(7200))
    }
  }

  @Test("As many frames that move nothing as are allowed, but in less time, send the client away")
  func idleFrames() {
    var patient = opened()
    for count in 1...10 {
      #expect(patient.receivedManyIdleFrames(now: at(Double(count) * 10)) == nil)
    }
    #expect(patient.receivedManyIdleFrames(now: at(109.9)) == .refuse(.tooManyIdleFrames))
    #expect(patient.receivedManyIdleFrames(now: at(110)) == nil)
  }
}
