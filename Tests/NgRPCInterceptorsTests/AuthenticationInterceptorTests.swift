import NIOCore
import NgRPC
import NgRPCInterceptors
import Testing

@Suite("Authentication of callers", .timeLimit(.minutes(1)))
struct AuthenticationInterceptorTests {
  private struct User: Sendable, Equatable { let name: String }

  /// Knows the token of one user.
  private static let authentication = AuthenticationInterceptor<User> { credentials, _ in
    await Task.yield()
    return credentials.value == "token-of-ann" ? User(name: "ann") : nil
  }
  private static let immediate = AuthenticationInterceptor<User>(verifyingAtOnce: { credentials, _ in
    credentials.value == "token-of-ann" ? User(name: "ann") : nil
  })

  private static func options(_ authorization: String?) -> CallOptions {
    CallOptions(metadata: authorization.map { ["authorization": $0] } ?? [:])
  }

  @Test("Handlers of every kind know who calls", arguments: EchoService.every)
  func principal(method: MethodDescriptor) async throws {
    for interceptor in [Self.authentication, Self.immediate] {
      let users = Journal<User>()
      let service = EchoService(
        began: { call in users.append(try call.principal()) },
        made: { call in users.append(try call.principal()) })
      try await withLoopback(service, server: [interceptor]) { channel, _ in
        for scheme in ["Bearer", "bearer", "BEARER "] {
          let status = try await channel.exchange(method, options: Self.options("\(scheme) token-of-ann"))
            .status
          #expect(status.code == .ok)
        }
      }
      #expect(users.entries == Array(repeating: User(name: "ann"), count: 3))
    }
  }

  @Test(
    "Whoever shows nothing of use is UNAUTHENTICATED before a handler is made, and told why",
    arguments: [
      (nil, "none"), ("Bearer", "empty"), ("Basic YTpi", "scheme"), ("token-of-ann", "scheme"),
      ("Bearer token-of-bob", "not valid"), ("Bearer a b", "characters"), ("Bearer ä", "characters"),
    ] as [(String?, String)])
  func refused(authorization: String?, reason: String) async throws {
    let handlers = Journal<Void>()
    let service = EchoService(began: { _ in handlers.append(()) }, made: { _ in handlers.append(()) })
    try await withLoopback(service, server: [Self.authentication]) { channel, _ in
      for method in EchoService.every where authorization?.utf8.allSatisfy({ $0 < 0x7f }) ?? true {
        let status = try await channel.exchange(method, options: Self.options(authorization)).status
        #expect(status.code == .unauthenticated)
        #expect(status.message.contains(reason), "\(status.message)")
      }
    }
    #expect(handlers.entries.isEmpty)
  }

  @Test("Methods can be exempt")
  func exempt() async throws {
    let interceptor = Self.authentication.applied(to: .all.except(.methods([EchoService.chat])))
    try await withLoopback(server: [interceptor]) { channel, _ in
      try await channel.expect(.ok, of: EchoService.chat)
      try await channel.expect(.unauthenticated, of: EchoService.unary)
      #expect(
        MethodFilter.infrastructure.includes(
          .init(service: "grpc.health.v1.Health", method: "Check", kind: .unary)))
    }
  }

  @Test("A verifier that can't tell is UNAVAILABLE, and its status passes when it has one")
  func failingVerifier() async throws {
    struct StoreIsDown: Error {}
    let interceptor = AuthenticationInterceptor<User> { credentials, _ in
      if credentials.value == "locked" { throw RPCError(code: .permissionDenied, message: "Locked.") }
      throw StoreIsDown()
    }
    try await withLoopback(server: [interceptor]) { channel, _ in
      try await channel.expect(.unavailable, of: EchoService.unary, options: Self.options("Bearer x"))
      let locked = try await channel.exchange(EchoService.unary, options: Self.options("Bearer locked"))
        .status
      #expect(locked.code == .permissionDenied)
    }
  }

  @Test("A principal that nobody has authenticated is an error, not a crash")
  func noPrincipal() async throws {
    let service = EchoService(began: { call in _ = try call.principal(as: User.self) })
    try await withLoopback(service) { channel, _ in
      try await channel.expect(.unauthenticated, of: EchoService.unary)
    }
  }

  @Test("A space at the end of a value is refused here with the key's name")
  func trailingSpace() async throws {
    try await withLoopback { channel, _ in
      for value in ["Bearer ", " Bearer"] {
        let status = try await channel.exchange(EchoService.unary, options: Self.options(value)).status
        #expect(status.code == .internalError)
        #expect(status.message.contains("\"authorization\" begins or ends with a space"))
      }
    }
  }
}
