import CIMCore
import CIMProtos
import NgRPC

extension AdminAPI {
  func getUserSessions(
    _ request: CimV1.GetUserSessionsRequest, context: ServerContext
  ) async throws -> CimV1.GetUserSessionsResponse {
    let account = try await account(request.user)
    try requireServers()
    let (logins, sessions) = try await withStores {
      (
        try await core.stores.logins.logins(of: account.id),
        try await core.stores.sessions.sessions(of: [account.id])[account.id] ?? []
      )
    }
    let alive = Set(core.links.alive(sessions))
    let devices = Set(logins.map(\.device)).union(sessions.map(\.device)).sorted()
    return CimV1.GetUserSessionsResponse(
      userID: account.id.rawValue, name: account.name.rawValue,
      devices: devices.map { device in
        CimV1.DeviceState(
          device, login: logins.first { $0.device == device },
          session: sessions.first { $0.device == device }, isAlive: alive.contains)
      })
  }
}

extension CimV1.DeviceState {
  fileprivate init(
    _ device: DeviceID, login: Login?, session: CIMCore.Session?, isAlive: (CIMCore.Session) -> Bool
  ) {
    self.init(
      deviceID: device.rawValue, deviceKind: (login?.kind ?? session?.kind)?.rawValue ?? "",
      loginGeneration: login?.generation ?? 0,
      // A generation is the store's time, or one more than the last where the clock was set back.
      loggedInAtMs: Int64(clamping: login?.generation ?? 0),
      session: session.map { CimV1.SessionState($0, isServerAlive: isAlive($0)) })
  }
}

extension CimV1.SessionState {
  /// A session as operators see it.
  init(_ session: CIMCore.Session, isServerAlive: Bool) {
    self.init(
      serverID: session.instance.id.rawValue, serverIncarnation: session.instance.incarnation.rawValue,
      sessionEpoch: session.epoch.rawValue, loginGeneration: session.loginGeneration,
      isServerAlive: isServerAlive, openedAtMs: Int64(clamping: session.epoch.rawValue))
  }
}
