import CIMProtos

extension Report {
  /// Where a user is.
  init(_ answer: CimV1.GetUserSessionsResponse) {
    self.opening = ["\(answer.name) (\(answer.userID))"]
    self.facts = [("user_id", .number(answer.userID)), ("name", .text(answer.name))]
    self.lists = [
      List(
        "devices",
        [
          Column("device_id", "DEVICE"), Column("device_kind", "KIND"),
          Column("logged_in_at_ms", "LOGGED IN"),
          Column("server_id", "SERVER"), Column("server_incarnation", "INCARNATION"),
          Column("is_server_alive", "ALIVE"), Column("opened_at_ms", "CONNECTED"),
          Column("session_epoch", nil), Column("login_generation", "LOGIN"),
          Column("session_login_generation", nil),
        ],
        rows: answer.devices.map(Self.row), none: "No device is logged in or connected.")
    ]
  }

  private static func row(_ device: CimV1.DeviceState) -> [Value] {
    let session = device.session
    return [
      .text(device.deviceID), device.deviceKind.isEmpty ? .absent : .text(device.deviceKind),
      device.loggedInAtMs == 0 ? .absent : .time(device.loggedInAtMs),
      session.map { .text($0.serverID) } ?? .absent, session.map { .text($0.serverIncarnation) } ?? .absent,
      session.map { .flag($0.isServerAlive) } ?? .absent, session.map { .time($0.openedAtMs) } ?? .absent,
      session.map { .number($0.sessionEpoch) } ?? .absent,
      device.loginGeneration == 0 ? .absent : .number(device.loginGeneration),
      session.map { .number($0.loginGeneration) } ?? .absent,
    ]
  }

  /// The servers that a route knows.
  init(_ answer: CimV1.ListServersResponse) {
    self.opening = ["as route \(answer.routeID) sees them:"]
    self.facts = [("route_id", .text(answer.routeID))]
    self.lists = [
      List(
        "servers",
        [
          Column("id", "SERVER"), Column("incarnation", "INCARNATION"), Column("version", "VERSION"),
          Column("client_address", "CLIENTS AT"), Column("push_address", "ROUTES AT"),
          Column("is_registered", "REGISTERED"), Column("is_draining", "DRAINING"),
          Column("is_linked", "LINK UP"), Column("link_since_ms", "SINCE"), Column("connections", "CLIENTS"),
          Column("unacknowledged_deliveries", "UNACKED"), Column("unacknowledged_bytes", nil),
          Column("pending_tails", "PENDING"),
        ],
        rows: answer.servers.map(Self.row), none: "No server is registered.")
    ]
  }

  private static func row(_ server: CimV1.ServerState) -> [Value] {
    [
      .text(server.id), .text(server.incarnation), .text(server.version), .text(server.clientAddress),
      .text(server.pushAddress), .flag(server.isRegistered), .flag(server.isDraining), .flag(server.isLinked),
      .time(server.linkSinceMs), server.connections.map { .number(UInt64($0)) } ?? .absent,
      .number(UInt64(server.unacknowledgedDeliveries)), .number(server.unacknowledgedBytes),
      .number(UInt64(server.pendingTails)),
    ]
  }

  /// Who was put out.
  init(_ answer: CimV1.KickUserResponse) {
    self.facts = [
      ("ended_logins", .number(UInt64(answer.endedLogins))),
      ("closed_sessions", .number(UInt64(answer.closedSessions))),
    ]
    self.closing = ["logins ended: \(answer.endedLogins); connections closed: \(answer.closedSessions)"]
  }
}
