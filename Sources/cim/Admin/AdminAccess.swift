import CIMCore
import Logging
import NgRPC
import NgRPCInterceptors

/// How operators are let in: where, and by what.
struct AdminAccess: Sendable {
  /// How many of their calls are handled at a time; the others are refused.
  private static let maxCalls = 32

  /// Where they are served.
  let address: Endpoint

  /// What they show; `nil` lets in everybody on this machine.
  let token: OperatorToken?

  /// - Throws: When others than this machine could call without a token.
  init(address: Endpoint, token: OperatorToken?) throws(SettingError) {
    guard token != nil || address.isLoopback else {
      throw .unusable(
        Settings.adminListen, value: "\(address)",
        reason: """
          without admin.token everybody who reaches it could put users out. Set a token \
          (\(Settings.adminToken.environment) in the environment), or listen on 127.0.0.1.
          """)
    }
    self.address = address
    self.token = token
  }

  /// Opens the port.
  ///
  /// - Throws: `SettingError` when the address can't be bound.
  func open(_ services: [any RPCService], logger: Logger) async throws -> Port {
    do {
      return try await Port.open(
        services, interceptors: self.interceptors, on: self.address, logger: logger)
    } catch let error as RPCError {
      throw SettingError.unusable(Settings.adminListen, value: "\(self.address)", reason: error.message)
    }
  }

  private var interceptors: [any ServerInterceptor] {
    let limit = ConcurrencyLimitInterceptor(perPeer: nil, total: Self.maxCalls)
      .applied(to: .all.except(.infrastructure))
    guard let token = self.token else { return [limit] }
    let authentication = AuthenticationInterceptor<Operator>(verifyingAtOnce: { credentials, _ in
      token.matches(credentials.value) ? Operator() : nil
    }).applied(to: .all.except(.infrastructure))
    return [limit, authentication]
  }
}

/// Somebody who has shown the operators' token.
private struct Operator: Sendable {}

extension Endpoint {
  /// Whether only this machine reaches it: RFC 1122, section 3.2.1.3, and RFC 4291, section 2.5.3.
  var isLoopback: Bool {
    let bytes = self.host.split(separator: ".", omittingEmptySubsequences: false)
    let isFour = bytes.count == 4 && bytes.allSatisfy { UInt8($0) != nil } && bytes[0] == "127"
    return isFour || ["::1", "localhost"].contains(self.host.lowercased())
  }
}
