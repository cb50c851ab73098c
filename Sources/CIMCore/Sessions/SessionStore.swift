/// What opening a session led to.
public struct OpenedSession: Hashable, Sendable {
  /// The session that is stored now.
  public let session: Session

  /// The device's session that it took the place of, if there was one: its connection is to be closed.
  public let replaced: Session?

  /// Describes the opening of a session.
  public init(session: Session, replaced: Session?) {
    self.session = session
    self.replaced = replaced
  }
}

/// Who is where: the sessions of users' devices, and who is online on which server.
///
/// Every session has an epoch, and whoever removes one names it: a late word of an old connection's end never removes
/// the session of a newer one.
public protocol SessionStore: Store {
  /// Writes a device's session in place of its earlier one, and lists its user as online on `instance`.
  ///
  /// The new epoch is the greater of the device's stored epoch + 1 and the store's time in milliseconds.
  func open(
    user: UserID, device: DeviceID, on instance: ServerInstance, loginGeneration: UInt64
  ) async throws(StoreError) -> OpenedSession

  /// Removes a device's session if it is still the one with that epoch, and lists its user as online there no more.
  ///
  /// - Returns: whether this call removed it.
  func close(user: UserID, device: DeviceID, epoch: SessionEpoch) async throws(StoreError) -> Bool

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
}
