import CIMCore
import CIMProtos
import Logging
import NgRPC

/// Serves `cim.v1.Admin`. Who may call it is decided where it is served.
struct AdminAPI: CimV1.Admin.Service, RequestChecks {
  let core: RouteCore

  /// The account that a request names.
  ///
  /// - Parameter field: the request's field, for errors.
  /// - Throws: INVALID_ARGUMENT when it names none, NOT_FOUND when there is none.
  func account(_ user: CimV1.UserKey?, _ field: String = "user") async throws -> Account {
    switch user?.key {
    case .userID(let id):
      let id = try userID(id, "\(field).user_id")
      guard let account = try await withStores({ try await core.accounts.account(id) }) else {
        throw RPCError(code: .notFound, message: "\(field).user_id: there is no user with the id \(id).")
      }
      return account
    case .name(let name):
      let name = try parse("\(field).name") { () throws(InvalidIdentifier) in try UserName(name) }
      guard let account = try await withStores({ try await core.stores.accounts.account(named: name) })
      else {
        throw RPCError(code: .notFound, message: "\(field).name: there is no user named \(name).")
      }
      return account
    case nil:
      throw RPCError(
        code: .invalidArgument, message: "\(field) is missing: set \(field).user_id or \(field).name.")
    }
  }

  func kickUser(
    _ request: CimV1.KickUserRequest, context: ServerContext
  ) async throws -> CimV1.KickUserResponse {
    let device =
      try request.deviceID.isEmpty
      ? nil
      : parse("device_id") { () throws(InvalidIdentifier) in try DeviceID(request.deviceID) }
    try checkReason(request.reason)
    let account = try await account(request.user)
    let outcome = try await withStores {
      try await core.desk.putOut(account.id, device: device, reason: request.reason)
    }
    if let device, outcome == SessionDesk.PutOut() {
      throw RPCError(
        code: .notFound,
        message: "device_id: user \(account.id) has no device \(device) that is logged in or connected.")
    }
    core.logger.notice(
      "an operator has put a user out",
      metadata: [
        "user": "\(account.id)", "device": "\(device?.rawValue ?? "all")", "logins": "\(outcome.logins)",
        "sessions": "\(outcome.sessions)",
      ])
    return CimV1.KickUserResponse(
      endedLogins: UInt32(clamping: outcome.logins), closedSessions: UInt32(clamping: outcome.sessions))
  }

  /// What is shown to users must fit on a line.
  private func checkReason(_ reason: String) throws(RPCError) {
    guard reason.utf8.count <= 256, !reason.unicodeScalars.contains(where: { $0.properties.isControl })
    else {
      throw RPCError(
        code: .invalidArgument,
        message: "reason is not valid: it must be 0 to 256 bytes of text without control characters.")
    }
  }
}

extension Unicode.Scalar.Properties {
  fileprivate var isControl: Bool { generalCategory == .control }
}
