import NIOCore
import NgRPC
import NgRPCProtos
import NgRPCStatusDetails
import TestSupport
import Testing

@Suite("Errors with details", .timeLimit(.minutes(1)))
struct StatusDetailsTests {
  @Test("A grpcio client reads every kind of detail that a handler throws")
  func grpcioClient() async throws {
    try await withLoopback([FailingService()]) { _, _, endpoint in
      let client = try ChildProcess(Repository.python("details_client.py", "\(endpoint.port)"))
      let exit = try await client.waitUntilExit(within: .seconds(30))
      #expect(exit == .code(0), "\(client.errors.text)")
      #expect(client.output.text.contains("every case holds"))
    }
  }

  @Test("The details of a grpcio server are read by their types, and those of unknown types are kept")
  func grpcioServer() async throws {
    let server = try ChildProcess(Repository.python("details_server.py"))
    let line = try await server.output.line(containing: "listening on ", within: .seconds(30))
    let port = try #require(line.split(separator: " ").last.flatMap { Int($0) })
    let channel = RPCChannel(to: [Endpoint(host: "127.0.0.1", port: port)], logger: quiet)

    let error = try await failure("Fail", on: channel)
    #expect(error.code == .resourceExhausted)
    #expect(error.message == "too much, ärger\n")
    #expect(try error.detail(RetryInfo.self)?.delay == .milliseconds(1500))
    let info = try error.detail(ErrorInfo.self)
    #expect(info?.reason == "TOO_MUCH")
    #expect(info?.metadata == ["limit": "7", "unit": "s"])
    #expect(try error.detail(QuotaFailure.self)?.violations.map(\.subject) == ["user:1"])
    #expect(try error.detail(BadRequest.self) == nil)
    #expect(
      try error.details.map { String($0.typeName) } == [
        "google.rpc.RetryInfo", "google.protobuf.StringValue", "google.rpc.ErrorInfo",
        "google.rpc.QuotaFailure", "google.rpc.ErrorInfo",
      ])
    #expect(try error.details[1].value == [10, 4] + Array("kept".utf8))
    #expect(try error.details[4].unpacked(as: ErrorInfo.self)?.reason == "ANOTHER")

    let mismatch = try await failure("Mismatch", on: channel)
    #expect(mismatch.code == .notFound)
    let complaint = #expect(throws: InvalidStatusDetails.self) { try mismatch.details }
    #expect(complaint?.reason.contains("9") == true && complaint?.reason.contains("NOT_FOUND") == true)
    #expect(throws: InvalidStatusDetails.self) { try mismatch.detail(ErrorInfo.self) }
    let garbage = try await failure("Garbage", on: channel)
    #expect(garbage.message == "not here")
    #expect(throws: InvalidStatusDetails.self) { try garbage.details }
    #expect(try await failure("Plain", on: channel).details.isEmpty)

    await channel.shutdown(within: .seconds(5))
    server.closeInput()
    try await server.waitUntilExit()
  }

  @Test("What a server of ours says about its errors a client of ours reads; and a handler passes it on")
  func passedOn() async throws {
    try await withLoopback([FailingService()]) { channel, _, _ in
      let original = try await failure("Fail", on: channel)
      try await withLoopback([FailingService(with: original)]) { channel, _, _ in
        let error = try await failure("Fail", on: channel)
        #expect(try error.details.count == FailingService.details.count)
        #expect(try error.detail(BadRequest.self)?.fieldViolations.first?.field == "a.b[2]")
      }
    }
  }

  @Test(
    "A delay of any length survives",
    arguments: [.zero, .nanoseconds(1), .seconds(-1) - .nanoseconds(1), .seconds(86_400) + .milliseconds(1)]
      as [Duration])
  func delay(duration: Duration) {
    #expect(RetryInfo(after: duration).delay == duration)
    #expect(RetryInfo(after: .seconds(Int64.max)).retryDelay?.seconds == 315_576_000_000)
    #expect(RetryInfo().delay == nil)
  }

  private func failure(_ method: String, on channel: RPCChannel) async throws -> RPCError {
    let error = try await rpcError {
      try await channel.unary(
        MethodDescriptor(service: "test.Details", method: method, kind: .unary), ByteBuffer()) as ByteBuffer
    }
    return try #require(error)
  }
}

/// Fails with one of each detail, or with an error that it was given.
private struct FailingService: RPCService {
  static let details: [any StatusDetail] = [
    RetryInfo(after: .milliseconds(1500)),
    ErrorInfo(reason: "TOO_MUCH", domain: "ngrpc.test", metadata: ["limit": "7"]),
    BadRequest(fieldViolations: [
      .init(
        field: "a.b[2]", description_: "is odd", reason: "ODD",
        localizedMessage: LocalizedMessage(locale: "de-CH", message: "ist ungerade"))
    ]),
    QuotaFailure(violations: [
      .init(subject: "user:1", description_: "all used", quotaValue: 7, futureQuotaValue: 0)
    ]),
    PreconditionFailure(violations: [.init(type: "TOS", subject: "user:1", description_: "accept")]),
    DebugInfo(stackEntries: ["a", "b"], detail: "c"),
    RequestInfo(requestID: "r", servingData: "s"),
    ResourceInfo(resourceType: "t", resourceName: "n", owner: "o", description_: "d"),
    Help(links: [.init(description_: "read", url: "https://example.org")]),
    LocalizedMessage(locale: "en", message: "too much"),
  ]

  private let error: RPCError?

  init(with error: RPCError? = nil) { self.error = error }

  func register(with router: inout RPCRouter) {
    let error = error
    router.unary(MethodDescriptor(service: "test.Details", method: "Fail", kind: .unary)) {
      (_: ByteBuffer, _) -> ByteBuffer in
      if let error { throw error }
      throw try RPCError(
        code: .resourceExhausted, message: "too much, ärger\n", details: Self.details)
    }
    router.unary(MethodDescriptor(service: "test.Details", method: "Plain", kind: .unary)) {
      (_: ByteBuffer, _) -> ByteBuffer in throw RPCError(code: .notFound, message: "no")
    }
  }
}
