import CIMCore
import CIMProtos
import NgRPC

extension SessionDesk {
  /// Ends the login that a token stands for, and the device's connection.
  ///
  /// - Throws: UNAUTHENTICATED for a token that is not valid, `StoreError` when the store is away: nothing has happened.
  func logOut(_ token: LoginToken) async throws {
    guard let login = try await stores.logins.revoke(token) else { throw RPCError.invalidToken }
    // The token is worth nothing from here on; what is left to do can't fail the call any more.
    persistence.attempt("close the session of a login that was ended") { [self] () async throws(StoreError) in
      let found = try await stores.sessions.sessions(of: [login.user])[login.user] ?? []
      for session in found where session.device == login.device {
        links.kick(session, .loggedOut, "The device logged out; log in again to connect.")
        _ = try await stores.sessions.close(session)
      }
    }
  }

  /// What became of somebody who was put out.
  struct PutOut: Hashable, Sendable {
    /// How many logins were ended.
    var logins = 0
    /// How many sessions were closed.
    var sessions = 0
  }

  /// Ends the logins of a user, and the connections of the devices.
  ///
  /// - Parameters:
  ///   - device: that one alone; nil for all.
  ///   - reason: what the clients are told; empty for nothing in particular.
  /// - Throws: `StoreError` when the store is away: some of it may have been done, and it is right to do it again.
  func putOut(_ user: UserID, device: DeviceID?, reason: String) async throws(StoreError) -> PutOut {
    var outcome = PutOut()
    for login in try await stores.logins.logins(of: user) where device == nil || login.device == device {
      if try await stores.logins.revoke(login.token) != nil { outcome.logins += 1 }
    }
    // Behind that: who connects meanwhile has looked at the login again once the session was written.
    let detail =
      reason.isEmpty
      ? "An operator has ended this login; log in again to connect."
      : "An operator has ended this login: \(reason)"
    let found = try await stores.sessions.sessions(of: [user])[user] ?? []
    for session in found where device == nil || session.device == device {
      links.kick(session, .endedByOperator, detail)
      if try await stores.sessions.close(session) { outcome.sessions += 1 }
    }
    return outcome
  }
}

extension SessionStore {
  /// Removes exactly that session.
  func close(_ session: CIMCore.Session) async throws(StoreError) -> Bool {
    try await close(
      user: session.user, device: session.device, epoch: session.epoch, on: session.instance)
  }
}
