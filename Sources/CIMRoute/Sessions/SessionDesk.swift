import CIMCore
import CIMProtos
import Logging
import NgRPC

/// Opens and closes sessions for the servers.
struct SessionDesk: Sendable {
  let stores: Stores
  let accounts: KnownAccounts
  let links: LinkSet
  let persistence: Persistence
  let logger: Logger

  // MARK: Opening

  /// Checks a client's token, and writes its session on the server from which the request came. The device's older session,
  /// wherever it is, is kicked.
  func open(_ opened: CimV1.SessionOpened, on instance: ServerInstance) async -> CimV1.SessionResult.Outcome {
    do {
      let (login, account) = try await check(token: opened.token, device: opened.deviceID)
      let session = try await stores.sessions.open(
        user: login.user, device: login.device, on: instance, loginGeneration: login.generation)
      // A logout between the check and the opening has not seen the session.
      guard try await stores.logins.login(for: login.token) != nil else {
        close(session.session)
        throw RPCError.invalidToken
      }
      if let replaced = session.replaced, !isRestated(replaced, on: instance) {
        links.kick(replaced, .replaced, "The same device connected again; this connection is closed.")
      }
      // Of two devices whose logins saw nobody online, the one that is written first stays.
      guard try await !isPreceded(session.session) else {
        close(session.session)
        throw RPCError.otherDevice(of: login.user)
      }
      return .granted(
        CimV1.SessionGranted(user: CimV1.User(account), sessionEpoch: session.session.epoch.rawValue))
    } catch let error as RPCError {
      return .denied(CimV1.SessionDenied(statusCode: UInt32(error.code.rawValue), detail: error.message))
    } catch {
      let status = StatusCode.unavailable
      return .denied(
        CimV1.SessionDenied(
          statusCode: UInt32(status.rawValue), detail: "The session could not be written; try again. \(error)"
        ))
    }
  }

  /// Whether a server that has registered anew states a session again, or has the device's next one: it knows then itself
  /// which connection stays, and the older record may be of that very one.
  private func isRestated(_ replaced: CIMCore.Session, on instance: ServerInstance) -> Bool {
    replaced.instance.id == instance.id && replaced.instance != instance
  }

  /// Whether another device of the user is online since before this session.
  private func isPreceded(_ session: CIMCore.Session) async throws -> Bool {
    let found = try await stores.sessions.sessions(of: [session.user])[session.user] ?? []
    return links.alive(found).contains { other in
      other.device != session.device && (other.epoch, other.device) < (session.epoch, session.device)
    }
  }

  private func check(token: String, device: String) async throws -> (Login, Account) {
    guard let token = LoginToken(token), let login = try await stores.logins.login(for: token),
      let account = try await accounts.account(login.user)
    else { throw RPCError.invalidToken }
    guard login.device.rawValue == device else {
      throw RPCError(
        code: .unauthenticated,
        message: "The token is of another device than hello.device_id; log in with this device.")
    }
    return (login, account)
  }

  // MARK: Closing

  /// A server tells that a client's connection is gone.
  func close(_ reference: CimV1.SessionRef) {
    guard let device = try? DeviceID(reference.deviceID) else { return }
    let user = UserID(reference.userID)
    let epoch = SessionEpoch(reference.sessionEpoch)
    persistence.attempt("remove a closed session") {
      [sessions = stores.sessions] () async throws(StoreError) in
      _ = try await sessions.close(user: user, device: device, epoch: epoch)
    }
  }

  /// Removes a session, unless a newer one has its place.
  func close(_ session: CIMCore.Session) { close(CimV1.SessionRef(session)) }

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
        _ = try await stores.sessions.close(
          user: session.user, device: session.device, epoch: session.epoch)
      }
    }
  }
}

extension RPCError {
  /// For a device of a user who is online with another; which one is nobody's business who knows no more than a name.
  static func otherDevice(of user: UserID) -> RPCError {
    RPCError(
      code: .alreadyExists,
      message: "User \(user) is online with another device; close that one, or wait 30 s if it crashed.")
  }

  /// For a token that proves no login (any more).
  static let invalidToken = RPCError(
    code: .unauthenticated,
    message: "The token is not valid: it was replaced, ended or never given; log in again.")
}
