import NIOCore

/// How many PINGs of a client are too many: gRPC proposal A8, "Server Enforcement".
struct PingEnforcement {
  /// Without a call, and without leave, a PING in this time is too early.
  static let minIntervalWithoutCalls = TimeAmount.hours(2)

  private var strikes = 0
  private var lastPing: NIODeadline?
  private var framesSentBefore: UInt32 = 0

  /// A PING has come.
  ///
  /// - Parameter framesSent: how many HEADERS and DATA frames the client was sent: a client that is sent something may ask
  ///   at once whether it has all, so its strikes are forgotten.
  /// - Returns: false when the client is to be sent away.
  mutating func permit(
    _ rules: RPCServer.Configuration.Keepalive, hasCalls: Bool, framesSent: UInt32, now: NIODeadline
  ) -> Bool {
    defer { lastPing = now }
    guard framesSent == framesSentBefore else {
      framesSentBefore = framesSent
      strikes = 0
      return true
    }
    guard let lastPing else { return true }
    let interval =
      hasCalls || rules.permitsPingsWithoutCalls
      ? rules.minPingInterval : max(rules.minPingInterval, Self.minIntervalWithoutCalls)
    if now < lastPing + interval { strikes += 1 }
    return strikes <= rules.maxPingStrikes
  }
}
