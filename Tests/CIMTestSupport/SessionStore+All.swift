import CIMCore

extension SessionStore {
  /// Opens a session beside whatever other sessions of the user there are.
  public func open(
    user: UserID, device: DeviceID, on instance: ServerInstance, loginGeneration: UInt64
  ) async throws -> OpenedSession {
    let opening = try await open(
      UserDevice(user: user, device: device), kind: .unnamed, loginGeneration: loginGeneration, on: instance,
      admission: Admission(.all))
    guard case .opened(let opened) = opening else {
      throw StoreError.corrupted("Other devices are in the way of nobody under this policy.")
    }
    return opened
  }

  /// States a session again beside whatever other sessions of the user there are.
  public func restate(_ session: Session) async throws(StoreError) -> Restatement {
    try await restate(session, admission: Admission(.all))
  }
}
