import CIMCore
import CIMProtos
import NIOCore

/// A link to a server, seen from the route: when to make it, whom to believe, and when to give it up.
///
/// Each try has a number; what comes from an earlier try is ignored.
struct LinkMachine: Sendable {
  /// What is to be done.
  enum Action: Hashable {
    case nothing
    /// Connect and say hello.
    case open(attempt: UInt64)
    /// Take note of the server's conversations, and acknowledge. The first one makes the link useful.
    case interest(CimV1.Interest, isFirst: Bool)
    /// The server has told how many clients are connected to it.
    case load(CimV1.LinkPing)
    /// Handle a frame.
    case handle(CimV1.LinkResponse.Frame)
    /// Count a frame that this version does not know.
    case ignore
    case ping
    /// Let the connection go. The machine asks for another in time.
    case giveUp(reason: String)
  }

  private enum Phase {
    case waiting(until: NIODeadline)
    case greeting(LinkHeartbeat)
    case settling(LinkHeartbeat)
    case up(LinkHeartbeat)
    case stopped
  }

  private let instance: ServerInstance
  private let timing: LinkHeartbeat.Timing
  private let backoff: LinkBackoff
  private var phase: Phase
  private var failures = 0
  /// The number of the latest try.
  private(set) var attempt: UInt64 = 0
  private var interestVersion: UInt64 = 0

  /// A link that wants to be made at once.
  ///
  /// - Parameter instance: the registration that must answer.
  init(to instance: ServerInstance, timing: LinkHeartbeat.Timing, backoff: LinkBackoff, now: NIODeadline) {
    self.instance = instance
    self.timing = timing
    self.backoff = backoff
    phase = .waiting(until: now)
  }

  /// Whether the server has introduced itself and told its conversations.
  var isUp: Bool {
    if case .up = phase { true } else { false }
  }

  /// The time is `now`; call it at once and every `LinkHeartbeat.Timing.checkEvery`.
  ///
  /// - Parameter random: from 0 to 1, for the backoff.
  mutating func check(at now: NIODeadline, random: Double) -> Action {
    switch phase {
    case .stopped: return .nothing
    case .waiting(let until):
      guard now >= until else { return .nothing }
      attempt += 1
      interestVersion = 0
      phase = .greeting(LinkHeartbeat(timing: timing, now: now))
      return .open(attempt: attempt)
    case .greeting(var heartbeat):
      let verdict = heartbeat.check(at: now)
      // A ping before the hello would be the wrong first frame; the hello has been sent.
      if verdict == .down {
        return giveUp("it did not answer within \(timing.downAfter.milliseconds) ms", now, random)
      }
      return .nothing
    case .settling(var heartbeat):
      let verdict = heartbeat.check(at: now)
      phase = .settling(heartbeat)
      return act(on: verdict, now, random)
    case .up(var heartbeat):
      let verdict = heartbeat.check(at: now)
      phase = .up(heartbeat)
      return act(on: verdict, now, random)
    }
  }

  private mutating func act(on verdict: LinkHeartbeat.Verdict, _ now: NIODeadline, _ random: Double) -> Action
  {
    switch verdict {
    case .nothing: .nothing
    case .ping: .ping
    case .down: giveUp("nothing was received for \(timing.downAfter.milliseconds) ms", now, random)
    }
  }

  /// A frame has come; nil is one that this version does not know.
  mutating func received(
    _ frame: CimV1.LinkResponse.Frame?, attempt: UInt64, at now: NIODeadline, random: Double
  ) -> Action {
    guard attempt == self.attempt else { return .nothing }
    switch phase {
    case .waiting, .stopped: return .nothing
    case .greeting(var heartbeat):
      heartbeat.received(at: now)
      guard case .hello(let hello) = frame else { return giveUp("its first frame was no hello", now, random) }
      guard hello.serverID == instance.id.rawValue, hello.incarnation == instance.incarnation.rawValue else {
        return giveUp(
          "\(hello.serverID.prefix(64))#\(hello.incarnation.prefix(64)) answered where \(instance) was expected",
          now,
          random)
      }
      guard hello.protocolVersion >= 1 else { return giveUp("it speaks protocol version 0", now, random) }
      phase = .settling(heartbeat)
      return .nothing
    case .settling(var heartbeat):
      guard !heartbeat.isDown(at: now) else { return act(on: .down, now, random) }
      heartbeat.received(at: now)
      phase = .settling(heartbeat)
      guard case .interest(let interest) = frame else { return handle(frame) }
      interestVersion = interest.version
      failures = 0
      phase = .up(heartbeat)
      return .interest(interest, isFirst: true)
    case .up(var heartbeat):
      guard !heartbeat.isDown(at: now) else { return act(on: .down, now, random) }
      heartbeat.received(at: now)
      phase = .up(heartbeat)
      guard case .interest(let interest) = frame else { return handle(frame) }
      guard interest.version > interestVersion else { return .ignore }
      interestVersion = interest.version
      return .interest(interest, isFirst: false)
    }
  }

  private func handle(_ frame: CimV1.LinkResponse.Frame?) -> Action {
    switch frame {
    case .ping(let ping): ping.connections == nil ? .nothing : .load(ping)
    case .hello, .interest, nil: .ignore
    case .some(let frame): .handle(frame)
    }
  }

  /// Something was sent.
  mutating func sent(at now: NIODeadline) {
    switch phase {
    case .settling(var heartbeat):
      heartbeat.sent(at: now)
      phase = .settling(heartbeat)
    case .up(var heartbeat):
      heartbeat.sent(at: now)
      phase = .up(heartbeat)
    case .waiting, .greeting, .stopped: break
    }
  }

  /// A try's stream has ended.
  mutating func closed(attempt: UInt64, reason: String, at now: NIODeadline, random: Double) -> Action {
    guard attempt == self.attempt else { return .nothing }
    switch phase {
    case .waiting, .stopped: return .nothing
    case .greeting, .settling, .up: return giveUp(reason, now, random)
    }
  }

  /// The server is gone for good.
  mutating func stop() { phase = .stopped }

  private mutating func giveUp(_ reason: String, _ now: NIODeadline, _ random: Double) -> Action {
    failures += 1
    phase = .waiting(until: now + backoff.delay(afterFailures: failures, random: random))
    return .giveUp(reason: reason)
  }
}

extension TimeAmount {
  fileprivate var milliseconds: Int64 { nanoseconds / 1_000_000 }
}
