/// What became of a session that was to be opened.
public enum SessionOpening: Hashable, Sendable {
  /// It is open.
  case opened(OpenedSession)
  /// Nothing was written, because of these sessions of the user's other devices.
  case barred(by: [Session])
}

/// What opening a session led to.
public struct OpenedSession: Hashable, Sendable {
  /// The session that is stored now.
  public let session: Session

  /// The device's session that it took the place of, if there was one: its connection is to be closed.
  public let replaced: Session?

  /// The sessions of the user's other devices that gave way to it: their connections are to be closed.
  public let displaced: [Session]

  /// Describes the opening of a session.
  public init(session: Session, replaced: Session?, displaced: [Session] = []) {
    self.session = session
    self.replaced = replaced
    self.displaced = displaced
  }
}

/// What became of a session that was stated again.
public enum Restatement: Hashable, Sendable {
  /// It is the device's session.
  case stands
  /// There is or was a newer session of the device: this one's connection is to be closed.
  case superseded
  /// Nothing was written, because of these sessions of the user's other devices, which were opened later.
  case barred(by: [Session])
}

/// What one step of a sweep did.
public struct SessionSweep: Hashable, Sendable {
  /// How many sessions it removed.
  public let removed: Int

  /// Whether nothing is listed on the server any more.
  public let isComplete: Bool

  /// Describes a step.
  public init(removed: Int, isComplete: Bool) {
    self.removed = removed
    self.isComplete = isComplete
  }
}

/// Who is where: the sessions of users' devices, and who is online on which server.
///
/// Every session has an epoch, and whoever removes one names it: a late word of an old connection's end never removes
/// the session of a newer one.
public protocol SessionStore: Store {
  /// Writes a device's session in place of its earlier one, and lists its user as online on `instance`; unless sessions of
  /// the user's other devices bar it, which is decided and done in one step.
  ///
  /// The new epoch is greater than any that was drawn for the user's devices, and not less than the store's time in
  /// milliseconds.
  ///
  /// - Parameters:
  ///   - loginGeneration: that of the device's login.
  ///   - admission: by what it is decided.
  func open(
    _ device: UserDevice, kind: DeviceKind, loginGeneration: UInt64, on instance: ServerInstance,
    admission: Admission
  ) async throws(StoreError) -> SessionOpening

  /// Writes a session again, with its epoch, where the store may have lost it or its server has registered anew. An older
  /// session of the device gives way to it; a newer one, also one that was closed within the last day, supersedes it. A newer
  /// one of another device that could not be beside it bars it.
  func restate(_ session: Session, admission: Admission) async throws(StoreError) -> Restatement

  /// Removes a device's session if it is still the one with that epoch, and lists its user as online there no more.
  ///
  /// - Parameter instance: when given, the session must be on it too: one that was stated again by a server's next
  ///   registration is not that of the one before.
  /// - Returns: whether this call removed it.
  func close(
    user: UserID, device: DeviceID, epoch: SessionEpoch, on instance: ServerInstance?
  ) async throws(StoreError) -> Bool

  /// Removes the sessions that a server left behind, some at a time: each only if it is still the one that was listed.
  ///
  /// - Parameter limit: it looks at that many at most; at least 1.
  func sweep(_ instance: ServerInstance, limit: Int) async throws(StoreError) -> SessionSweep

  /// The servers on which a session was opened or stated again, and that were not forgotten since.
  func knownInstances() async throws(StoreError) -> [ServerInstance]

  /// Takes a server off the list of known ones, unless sessions are listed on it.
  ///
  /// - Returns: whether it is off the list.
  func forget(_ instance: ServerInstance) async throws(StoreError) -> Bool

  /// The sessions of those users, looked up at once: of each user by ascending device id. Users without a session are
  /// absent from the answer. Sessions on servers that are gone are in it; the caller knows which servers live.
  func sessions(of users: [UserID]) async throws(StoreError) -> [UserID: [Session]]

  /// Who is online on any of those servers: each user once, by ascending id.
  ///
  /// - Parameters:
  ///   - instances: the servers that live.
  ///   - after: only users with a greater id; `nil` begins at the first.
  ///   - limit: at most that many; at least 1.
  func onlineUsers(
    on instances: [ServerInstance], after: UserID?, limit: Int
  ) async throws(StoreError) -> [UserID]

  /// The store's identity, now and whenever another is noticed: with each new connection to it and each ping.
  ///
  /// While it stays the same, nothing that the store answered was lost. Another one means another copy of the data, which
  /// may lack the latest: sessions are to be stated again. (In Redis it is the replication id: new with each start of a
  /// master and with each failover.)
  func identities() -> AsyncStream<String>
}

extension SessionStore {
  /// Removes a device's session if it is still the one with that epoch, whichever registration of a server it is on.
  ///
  /// - Returns: whether this call removed it.
  public func close(user: UserID, device: DeviceID, epoch: SessionEpoch) async throws(StoreError) -> Bool {
    try await self.close(user: user, device: device, epoch: epoch, on: nil)
  }
}
