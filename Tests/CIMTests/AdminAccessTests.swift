import CIMCore
import CIMProtos
import CIMRoute
import Logging
import NgRPC
import NgRPCProtos
import TestSupport
import Testing

@testable import cim

@Suite("How operators are let in") struct AdminAccessTests {
  private static let token = "correct-horse-battery"

  /// Runs `body` with a port for operators.
  private func withPort(token: OperatorToken?, _ body: (RPCChannel) async throws -> Void) async throws {
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let node = RouteNode(
      configuration: RouteConfiguration(id: try ServerID("r"), version: "test"), stores: .inMemory(),
      registry: InMemoryServerRegistry(), logger: logger)
    let access = try AdminAccess(address: Endpoint(host: "127.0.0.1", port: 0), token: token)
    let port = try await access.open(node.adminServices, logger: logger)
    let channel = RPCChannel(to: [port.endpoint], logger: logger)
    let running = Task { try await node.run(advertising: nil) }
    do {
      try await body(channel)
    } catch {
      Issue.record(error)
    }
    await channel.shutdown(within: .zero)
    await port.close(within: .zero)
    await node.shutdown(within: .zero)
    _ = await running.result
  }

  private func code(_ channel: RPCChannel, authorization: String?) async -> StatusCode {
    var options = CallOptions(timeout: .seconds(10))
    if let authorization { options.metadata.add(authorization, for: "authorization") }
    do {
      _ = try await CimV1.Admin.Client(channel).getUserSessions(.init(), options: options)
      return .ok
    } catch let error as RPCError {
      return error.code
    } catch {
      return .unknown
    }
  }

  @Test("Without the token every call is UNAUTHENTICATED, and health is not", .timeLimit(.minutes(1)))
  func token() async throws {
    try await withPort(token: OperatorToken(Self.token)) { channel in
      for wrong in [
        nil, "", "Bearer", "Bearer \(Self.token)x", "Bearer \(Self.token.dropLast())",
        "Bearer Correct-horse-battery", "Basic \(Self.token)", Self.token,
        "Bearer " + String(repeating: "x", count: 5000),
      ] {
        #expect(await code(channel, authorization: wrong) == .unauthenticated, "\(wrong ?? "none")")
      }
      #expect(await code(channel, authorization: "Bearer \(Self.token)") == .invalidArgument, "let in")
      #expect(await code(channel, authorization: "bearer \(Self.token)") == .invalidArgument, "let in")
      let methods = try await GrpcHealthV1.Health.Client(channel).check(.init(service: "cim.v1.Admin"))
      #expect(methods.status == .notServing)
    }
  }

  @Test("On this machine no token is needed when none is set", .timeLimit(.minutes(1)))
  func noToken() async throws {
    try await withPort(token: nil) { channel in
      #expect(await code(channel, authorization: nil) == .invalidArgument, "let in")
    }
  }

  @Test(
    "Without a token only an address of this machine is taken",
    arguments: [
      ("127.0.0.1", true), ("127.8.9.10", true), ("::1", true), ("localhost", true), ("0.0.0.0", false),
      ("::", false), ("10.0.0.1", false), ("127.example.com", false), ("localhost.example.com", false),
      ("127.0.0.1.example.com", false),
    ])
  func loopback(host: String, isTaken: Bool) throws {
    let address = Endpoint(host: host, port: 7410)
    do throws(SettingError) {
      _ = try AdminAccess(address: address, token: nil)
      #expect(isTaken)
    } catch {
      #expect(!isTaken)
      #expect("\(error)".contains("admin.listen") && "\(error)".contains("CIM_ADMIN_TOKEN"), "\(error)")
    }
    _ = try AdminAccess(address: address, token: OperatorToken(Self.token))
  }

  @Test("A token is 16 to 256 characters that a bearer token may have")
  func tokens() throws {
    let good = [Self.token, String(repeating: "a", count: 256), "0123456789abcde=", "abcdefghijklmn=="]
    for text in good { #expect(OperatorToken(text) != nil, "\(text)") }
    let bad = [
      "", "short", String(repeating: "a", count: 257), "sixteen chars no!", "0123456789=abcdef",
      "================", "ééééééééééééé",
    ]
    for text in bad { #expect(OperatorToken(text) == nil, "\(text)") }
    let token = try #require(OperatorToken(Self.token))
    #expect(token.matches(Self.token))
    for other in ["", "c", Self.token + "x", String(Self.token.dropLast()), Self.token + Self.token] {
      #expect(!token.matches(other), "\(other)")
    }
  }
}
