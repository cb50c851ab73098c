import CIMCore
import CIMProtos
import NIOCore
import NgRPC

/// A route's link, seen from the server: who may speak, and until when.
struct LinkMachine: Sendable {
  /// What is to be done.
  enum Action: Hashable {
    case nothing
    /// The route has introduced itself: answer, and use the link.
    case up(routeID: String)
    /// Handle a frame.
    case handle(CimV1.LinkRequest.Frame)
    /// Count a frame that this version does not know.
    case ignore
    case ping
    /// End the link with that status.
    case end(code: StatusCode, message: String)
  }

  private enum Phase { case awaitingHello, up, ended }

  private let timing: LinkHeartbeat.Timing
  private var phase = Phase.awaitingHello
  private var heartbeat: LinkHeartbeat

  init(timing: LinkHeartbeat.Timing, now: NIODeadline) {
    self.timing = timing
    heartbeat = LinkHeartbeat(timing: timing, now: now)
  }

  /// A frame has come; nil is one that this version does not know.
  mutating func received(_ frame: CimV1.LinkRequest.Frame?, at now: NIODeadline) -> Action {
    heartbeat.received(at: now)
    switch (phase, frame) {
    case (.ended, _): return .nothing
    case (.awaitingHello, .hello(let hello)):
      guard hello.protocolVersion >= 1 else {
        return end(.failedPrecondition, "hello.protocol_version is 0; this server speaks 1.")
      }
      guard (1...256).contains(hello.routeID.utf8.count) else {
        return end(.invalidArgument, "hello.route_id must be 1 to 256 bytes.")
      }
      phase = .up
      return .up(routeID: hello.routeID)
    case (.awaitingHello, _): return end(.failedPrecondition, "The first frame must be hello.")
    case (.up, .ping): return .nothing
    case (.up, .hello), (.up, nil): return .ignore
    case (.up, .some(let frame)): return .handle(frame)
    }
  }

  /// The time is `now`; call it every `LinkHeartbeat.Timing.checkEvery`.
  ///
  /// It pings at that pace whatever else is sent, because a ping says more than that the server lives.
  mutating func check(at now: NIODeadline) -> Action {
    guard phase != .ended else { return .nothing }
    switch heartbeat.check(at: now) {
    case .nothing: return .nothing
    case .ping: return phase == .up ? .ping : .nothing
    case .down:
      return end(
        .unavailable,
        "Nothing was received for \(timing.downAfter.nanoseconds / 1_000_000) ms; the link is taken for dead."
      )
    }
  }

  /// Ends the link.
  mutating func end(_ code: StatusCode, _ message: String) -> Action {
    guard phase != .ended else { return .nothing }
    phase = .ended
    return .end(code: code, message: message)
  }
}
