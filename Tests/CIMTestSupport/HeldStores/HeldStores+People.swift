import CIMCore
import NIOCore

/// Accounts behind a gate.
struct HeldAccounts: AccountStore {
  let inner: any AccountStore
  let gate: HeldStores

  func register(_ name: UserName) async throws(StoreError) -> (account: Account, created: Bool) {
    try await gate.pass(StoreCall(.register)) { () async throws(StoreError) in
      try await inner.register(name)
    }
  }

  func account(_ id: UserID) async throws(StoreError) -> Account? {
    try await gate.pass(StoreCall(.accounts, users: [id])) { () async throws(StoreError) in
      try await inner.account(id)
    }
  }

  func account(named name: UserName) async throws(StoreError) -> Account? {
    try await gate.pass(StoreCall(.accounts)) { () async throws(StoreError) in
      try await inner.account(named: name)
    }
  }

  func accounts(_ ids: [UserID]) async throws(StoreError) -> [UserID: Account] {
    try await gate.pass(StoreCall(.accounts, users: ids)) { () async throws(StoreError) in
      try await inner.accounts(ids)
    }
  }

  func ping() async throws(StoreError) { try await inner.ping() }
}

/// Logins behind a gate.
struct HeldLogins: LoginStore {
  let inner: any LoginStore
  let gate: HeldStores

  func create(
    user: UserID, device: DeviceID, kind: DeviceKind
  ) async throws(StoreError) -> Login {
    try await gate.pass(StoreCall(.createLogin, users: [user])) { () async throws(StoreError) in
      try await inner.create(user: user, device: device, kind: kind)
    }
  }

  func login(for token: LoginToken) async throws(StoreError) -> Login? {
    try await gate.pass(StoreCall(.login, users: [token.user])) { () async throws(StoreError) in
      try await inner.login(for: token)
    }
  }

  func logins(of user: UserID) async throws(StoreError) -> [Login] {
    try await gate.pass(StoreCall(.logins, users: [user])) { () async throws(StoreError) in
      try await inner.logins(of: user)
    }
  }

  func revoke(_ token: LoginToken) async throws(StoreError) -> Login? {
    try await gate.pass(StoreCall(.revokeLogin, users: [token.user])) { () async throws(StoreError) in
      try await inner.revoke(token)
    }
  }

  func ping() async throws(StoreError) { try await inner.ping() }
}

/// Sessions behind a gate.
struct HeldSessions: SessionStore {
  let inner: any SessionStore
  let gate: HeldStores

  func open(
    _ device: UserDevice, kind: DeviceKind, loginGeneration: UInt64, on instance: ServerInstance,
    admission: Admission
  ) async throws(StoreError) -> SessionOpening {
    try await gate.pass(StoreCall(.open, users: [device.user])) { () async throws(StoreError) in
      try await inner.open(
        device, kind: kind, loginGeneration: loginGeneration, on: instance, admission: admission)
    }
  }

  func restate(_ session: Session, admission: Admission) async throws(StoreError) -> Restatement {
    try await gate.pass(StoreCall(.restate, users: [session.user])) { () async throws(StoreError) in
      try await inner.restate(session, admission: admission)
    }
  }

  func close(
    user: UserID, device: DeviceID, epoch: SessionEpoch, on instance: ServerInstance?
  ) async throws(StoreError) -> Bool {
    try await gate.pass(StoreCall(.close, users: [user])) { () async throws(StoreError) in
      try await inner.close(user: user, device: device, epoch: epoch, on: instance)
    }
  }

  func sessions(of users: [UserID]) async throws(StoreError) -> [UserID: [Session]] {
    try await gate.pass(StoreCall(.sessions, users: users)) { () async throws(StoreError) in
      try await inner.sessions(of: users)
    }
  }

  func onlineUsers(
    on instances: [ServerInstance], after: UserID?, limit: Int
  ) async throws(StoreError) -> [UserID] {
    try await gate.pass(StoreCall(.onlineUsers)) { () async throws(StoreError) in
      try await inner.onlineUsers(on: instances, after: after, limit: limit)
    }
  }

  func sweep(_ instance: ServerInstance, limit: Int) async throws(StoreError) -> SessionSweep {
    try await gate.pass(StoreCall(.sweep)) { () async throws(StoreError) in
      try await inner.sweep(instance, limit: limit)
    }
  }

  func knownInstances() async throws(StoreError) -> [ServerInstance] {
    try await gate.pass(StoreCall(.knownInstances)) { () async throws(StoreError) in
      try await inner.knownInstances()
    }
  }

  func forget(_ instance: ServerInstance) async throws(StoreError) -> Bool {
    try await gate.pass(StoreCall(.forget)) { () async throws(StoreError) in
      try await inner.forget(instance)
    }
  }

  func identities() -> AsyncStream<String> { inner.identities() }

  func ping() async throws(StoreError) { try await inner.ping() }
}
