import NIOCore
import NgRPC
import NgRPCProtos
import NgRPCServices
import Testing

@Suite("The health service")
struct HealthServiceTests {
  private let health = HealthService(["": .serving, "a.B": .notServing])

  private func status(of service: String = "", _ channel: RPCChannel) async throws -> HealthService.Status {
    try await GrpcHealthV1.Health.Client(channel).check(.init(service: service)).status
  }

  @Test("Check answers with the status that was set last")
  func check() async throws {
    try await withLoopback([health]) { channel, _, _ in
      let before = try await [status(channel), status(of: "a.B", channel)]
      #expect(before == [.serving, .notServing])
      health.setStatus(.serving, for: "a.B")
      health.setStatus(.notServing)
      let after = try await [status(channel), status(of: "a.B", channel)]
      #expect(after == [.notServing, .serving])
    }
  }

  @Test("Check of an unknown service is NOT_FOUND")
  func unknown() async throws {
    try await withLoopback([health]) { channel, _, _ in
      let error = try await rpcError { try await status(of: "nobody", channel) }
      #expect(error?.code == .notFound)
      #expect(error?.message == "The service \"nobody\" is not known here.")
    }
  }

  @Test("List has every service")
  func list() async throws {
    try await withLoopback([health]) { channel, _, _ in
      let statuses = try await GrpcHealthV1.Health.Client(channel).list(.init()).statuses
      #expect(statuses.mapValues(\.status) == ["": .serving, "a.B": .notServing])
    }
  }

  @Test("Watch sends the status at once and at each change, and nothing when it stays")
  func watch() async throws {
    try await withLoopback([health]) { channel, _, _ in
      let call = try GrpcHealthV1.Health.Client(channel).watch(.init(service: "a.B"))
      var statuses = call.messages.makeAsyncIterator()
      #expect(try await statuses.next()?.status == .notServing)
      health.setStatus(.notServing, for: "a.B")
      health.setStatus(.serving, for: "a.B")
      #expect(try await statuses.next()?.status == .serving)
      health.setStatus(.notServing, for: "a.B")
      #expect(try await statuses.next()?.status == .notServing)
      call.cancel()
    }
  }

  @Test("Watch of an unknown service says so, and what it is once it is known")
  func watchUnknown() async throws {
    try await withLoopback([health]) { channel, _, _ in
      let call = try GrpcHealthV1.Health.Client(channel).watch(.init(service: "late"))
      var statuses = call.messages.makeAsyncIterator()
      #expect(try await statuses.next()?.status == .serviceUnknown)
      health.setStatus(.serving, for: "late")
      #expect(try await statuses.next()?.status == .serving)
      call.cancel()
    }
  }

  @Test("Draining tells watchers, ends their calls, and is not undone")
  func drain() async throws {
    try await withLoopback([health]) { channel, _, _ in
      let client = GrpcHealthV1.Health.Client(channel)
      let call = try client.watch(.init())
      var statuses = call.messages.makeAsyncIterator()
      #expect(try await statuses.next()?.status == .serving)
      health.drain()
      #expect(try await statuses.next()?.status == .notServing)
      let error = try await rpcError { try await statuses.next() }
      #expect(error?.code == .unavailable)
      health.setStatus(.serving)
      let still = try await status(channel)
      #expect(still == .notServing)
      let late = try await rpcError {
        for try await response in try client.watch(.init(service: "a.B")).messages {
          #expect(response.status == .notServing)
        }
      }
      #expect(late?.code == .unavailable)
    }
  }

  @Test("A server that shuts down ends each Watch by itself, and does not wait for its grace to pass")
  func shutdown() async throws {
    let server = RPCServer(services: [health], logger: quiet)
    let port = try await server.start(on: .hostAndPort("127.0.0.1", 0)).port!
    let channel = RPCChannel(to: [Endpoint(host: "127.0.0.1", port: port)], logger: quiet)
    var statuses = try GrpcHealthV1.Health.Client(channel).watch(.init()).messages.makeAsyncIterator()
    #expect(try await statuses.next()?.status == .serving)
    async let shutdown: Void = server.shutdown(within: .seconds(3600))
    #expect(try await statuses.next()?.status == .notServing)
    let error = try await rpcError { try await statuses.next() }
    #expect(error?.code == .unavailable)
    await shutdown
    await channel.shutdown(within: .zero)
  }
}
