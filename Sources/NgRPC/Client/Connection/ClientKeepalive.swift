import NIOCore

/// When a client asks a server that has gone quiet whether it is there: gRPC's A8. Pure.
struct ClientKeepalive {
  enum Action: Hashable {
    /// Call ``ClientKeepalive/check(at:lastRead:hasCalls:)`` then.
    case wait(until: NIODeadline)
    /// Send a PING, and check then.
    case ping(until: NIODeadline)
    /// The server has not answered: the connection is dead.
    case close
    /// There are no calls to keep the connection for: check when one begins.
    case sleep
  }

  let interval: TimeAmount
  let timeout: TimeAmount
  let permitWithoutCalls: Bool
  private var pingSent: NIODeadline?

  init(interval: TimeAmount, timeout: TimeAmount, permitWithoutCalls: Bool) {
    self.interval = interval
    self.timeout = timeout
    self.permitWithoutCalls = permitWithoutCalls
  }

  /// What TCP itself is told, in milliseconds: A18.
  var userTimeout: Int { Int(clamping: Int32(clamping: timeout.nanoseconds / 1_000_000)) }

  /// - Parameters:
  ///   - lastRead: when bytes came last; any count as an answer.
  ///   - hasCalls: whether calls are open on the connection.
  mutating func check(at now: NIODeadline, lastRead: NIODeadline, hasCalls: Bool) -> Action {
    if let pingSent {
      if lastRead >= pingSent {
        self.pingSent = nil
      } else {
        return now >= pingSent + timeout ? .close : .wait(until: pingSent + timeout)
      }
    }
    guard hasCalls || permitWithoutCalls else { return .sleep }
    guard now >= lastRead + interval else { return .wait(until: lastRead + interval) }
    pingSent = now
    return .ping(until: now + timeout)
  }
}
