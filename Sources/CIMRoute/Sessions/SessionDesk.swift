import CIMCore
import CIMProtos
import Logging
import NIOCore
import NgRPC

/// Opens and closes sessions for the servers.
struct SessionDesk: Sendable {
  /// What became of a client that wants to connect.
  struct Opening: Sendable {
    /// The answer for the server.
    let outcome: CimV1.SessionResult.Outcome
    /// The session that was written, and the one whose place it took; nil when none was, or when it was only stated again.
    var opened: OpenedSession?
  }

  let stores: Stores
  let accounts: KnownAccounts
  let links: LinkSet
  let persistence: Persistence
  /// Which devices of one user may be online at the same time.
  let policy: LoginPolicy
  /// How long a request to open a session may have waited: whoever asked has asked elsewhere by then.
  let patience: TimeAmount
  let counters: RouteCounters
  let logger: Logger

  // MARK: Opening

  /// Checks a client's token, and writes its session on the server from which the request came, or states it again.
  ///
  /// - Parameter arrived: when the request came.
  func open(
    _ opened: CimV1.SessionOpened, on instance: ServerInstance, arrived: NIODeadline
  ) async -> Opening {
    do {
      let (login, account) = try await check(token: opened.token, device: opened.deviceID)
      guard opened.sessionEpoch == 0 else {
        return try await restate(SessionEpoch(opened.sessionEpoch), of: login, account, on: instance)
      }
      return try await open(login, account, on: instance, arrived: arrived)
    } catch let error as RPCError {
      return Opening(denied: error.code, error.message)
    } catch {
      return Opening(denied: .unavailable, "The session could not be written; try again. \(error)")
    }
  }

  private func open(
    _ login: Login, _ account: Account, on instance: ServerInstance, arrived: NIODeadline
  ) async throws -> Opening {
    // Read before the session is written: what is said from here on is for the device.
    let lobby = try await stores.log.tail(of: .lobby) ?? .beginning
    _ = try await stores.cursors.begin(
      UserDevice(user: login.user, device: login.device), in: .lobby, at: lobby)
    let opened = try await admit(login, on: instance, arrived: arrived)
    do {
      // A logout between the check and the opening has not seen the session.
      guard try await stores.logins.login(for: login.token) != nil else { throw RPCError.invalidToken }
      return Opening(outcome: try await grant(opened.session, account), opened: opened)
    } catch {
      conclude(Opening(outcome: .denied(CimV1.SessionDenied()), opened: opened), isTold: false)
      throw error
    }
  }

  /// Writes a session, unless the user's other devices are in the way.
  private func admit(
    _ login: Login, on instance: ServerInstance, arrived: NIODeadline
  ) async throws -> OpenedSession {
    var admission = Admission(policy)
    while true {
      // A route that was stopped for a while must not take the place of a session that was opened elsewhere since.
      guard NIODeadline.now() - arrived < patience else {
        throw RPCError(code: .unavailable, message: "The route took too long; connect again.")
      }
      let opening = try await stores.sessions.open(
        UserDevice(user: login.user, device: login.device), kind: login.kind,
        loginGeneration: login.generation, on: instance, admission: admission)
      switch opening {
      case .opened(let opened): return opened
      case .barred(let rivals):
        guard admission.excludes(deadAmong: rivals, links) else {
          throw policy == .reject
            ? RPCError.otherDevice(of: login.user) : RPCError.laterDevice(of: login.user)
        }
      }
    }
  }

  /// Writes a session again that the store may have lost, or whose server has registered anew.
  private func restate(
    _ epoch: SessionEpoch, of login: Login, _ account: Account, on instance: ServerInstance
  ) async throws -> Opening {
    let session = CIMCore.Session(
      user: login.user, device: login.device, kind: login.kind, epoch: epoch, instance: instance,
      loginGeneration: login.generation)
    var admission = Admission(policy)
    var restatement: Restatement
    repeat {
      restatement = try await stores.sessions.restate(session, admission: admission)
      if restatement == .superseded { throw RPCError.superseded }
      if case .barred(let rivals) = restatement, !admission.excludes(deadAmong: rivals, links) {
        throw RPCError.laterDevice(of: login.user)
      }
    } while restatement != .stands
    counters.restated.count()
    return Opening(outcome: try await grant(session, account))
  }

  private func grant(
    _ session: CIMCore.Session, _ account: Account
  ) async throws -> CimV1.SessionResult.Outcome {
    let groups = try await stores.groups.groups(of: session.user).keys.sorted()
    return .granted(
      CimV1.SessionGranted(
        user: CimV1.User(account), sessionEpoch: session.epoch.rawValue,
        groups: groups.map { Conversation.group($0).description }))
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

  /// The server was told of an opening, or its link broke before.
  ///
  /// - Parameter isTold: whether it was told. If not, it asks again elsewhere, and nobody is online by this session.
  func conclude(_ opening: Opening, isTold: Bool) {
    guard let opened = opening.opened else { return }
    guard !isTold else {
      if let replaced = opened.replaced, !isRestated(replaced, as: opened.session) {
        links.kick(replaced, .replaced, "The same device connected again; this connection is closed.")
      }
      for session in opened.displaced {
        links.kick(
          session, .replacedByDevice,
          "Another device of yours logged in and has taken this one's place; log in again to take it back.")
      }
      return
    }
    close(opened.session)
    // A route that stopped for a moment may have taken the place of a session that was opened elsewhere meanwhile.
    for session in links.alive(opened.displaced + [opened.replaced].compactMap(\.self)) {
      links.kick(session, .lostTrack, "The service has lost track of this connection; connect again.")
    }
  }

  /// Whether a server that has registered anew wrote a session again, or has the device's next one: it knows then itself
  /// which connection stays, and the older record may be of that very one.
  private func isRestated(_ replaced: CIMCore.Session, as session: CIMCore.Session) -> Bool {
    replaced.instance.id == session.instance.id && replaced.instance != session.instance
  }

  // MARK: Closing

  /// A server tells that a client's connection is gone. Returns when it has been tried once; then it is tried until it is done.
  func close(_ device: UserDevice, _ epoch: SessionEpoch) async {
    let close = {
      @Sendable [sessions = stores.sessions, counters] () async throws(StoreError) in
      guard try await !sessions.close(user: device.user, device: device.device, epoch: epoch) else { return }
      counters.staleCloses.count()
    }
    do {
      try await close()
    } catch {
      persistence.attempt("remove a closed session", close)
    }
  }

  /// Removes a session, unless a newer one has its place, or it was stated again on another server.
  func close(_ session: CIMCore.Session) {
    persistence.attempt("remove a session") { [sessions = stores.sessions] () async throws(StoreError) in
      _ = try await sessions.close(session)
    }
  }
}

extension SessionDesk.Opening {
  fileprivate init(denied code: StatusCode, _ detail: String) {
    self.init(outcome: .denied(CimV1.SessionDenied(statusCode: UInt32(code.rawValue), detail: detail)))
  }
}

extension Admission {
  /// Takes note of those servers of the sessions that are dead.
  ///
  /// - Returns: whether that is all of them, so that it is worth to try again.
  fileprivate mutating func excludes(deadAmong sessions: [CIMCore.Session], _ links: LinkSet) -> Bool {
    dead.formUnion(sessions.map(\.instance))
    return links.alive(sessions).isEmpty
  }
}

extension RPCError {
  /// For a session that was stated again too late.
  fileprivate static let superseded = RPCError(
    code: .aborted, message: "A newer session of the user stands; this connection is closed.")

  /// For a device of a user who is online with another; which one is nobody's business who knows no more than a name.
  static func otherDevice(of user: UserID) -> RPCError {
    RPCError(
      code: .alreadyExists,
      message: "User \(user) is online with another device; close that one, or wait 30 s if it crashed.")
  }

  /// For a device of a user whose other device logged in later.
  static func laterDevice(of user: UserID) -> RPCError {
    RPCError(
      code: .alreadyExists,
      message:
        "Another device of user \(user) was let in later and has this one's place; log in again to take it back."
    )
  }

  /// For a token that proves no login (any more).
  static let invalidToken = RPCError(
    code: .unauthenticated,
    message: "The token is not valid: it was replaced, ended or never given; log in again.")
}
