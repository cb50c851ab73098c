import NIOCore
import NgRPC
import TestSupport
import Testing

@Suite("Calls that wait", .timeLimit(.minutes(1)))
struct QueueingTests {
  private func run<Result>(
    _ body: (RPCChannel, ScriptedServer) async throws -> Result
  ) async throws -> Result {
    let server = ScriptedServer(maxConcurrentStreams: 1) { _ in .nothing }
    let endpoint = try await server.start()
    let result = try await withChannel(to: [endpoint]) { try await body($0, server) }
    try await server.stop()
    return result
  }

  private let answer = ScriptedServer.Answer.message(ByteBuffer(string: "ok"))

  @Test("At the server's limit calls wait their turn; one that is cancelled or late leaves the queue at once")
  func limit() async throws {
    try await run { channel, server async throws in
      async let first = channel.echo()
      try await eventually("the first is there") { server.requests.count == 1 }
      let second = Task { try await channel.echoError() }
      let late = try await rpcError {
        try await channel.echo(options: CallOptions(timeout: .milliseconds(50)))
      }
      #expect(late?.code == .deadlineExceeded)
      second.cancel()
      #expect(try await second.value?.code == .cancelled)
      async let third = channel.echo()
      server.answer(server.requests[0], with: answer)
      #expect(try await first == "ok")
      try await eventually("the third is there") { server.requests.count == 2 }
      server.answer(server.requests[1], with: answer)
      #expect(try await third == "ok")
      #expect(server.requests.count == 2)
    }
  }

  @Test("Calls that wait at the limit of a connection that goes away take the next one")
  func goAway() async throws {
    try await run { channel, server async throws in
      async let first = channel.echo()
      try await eventually("the first is there") { server.requests.count == 1 }
      async let second = channel.echo()
      server.answer(server.requests[0], with: .goAway(last: 1))
      try await eventually("the second is there") { server.requests.count == 2 }
      #expect(server.requests[1].connection == 1)
      server.answer(server.requests[1], with: answer)
      #expect(try await second == "ok")
      server.answer(server.requests[0], with: answer)
      #expect(try await first == "ok")
    }
  }

  @Test("With several servers a call goes where there is room")
  func elsewhere() async throws {
    let servers = (0..<2).map { _ in ScriptedServer(maxConcurrentStreams: 1) { _ in .nothing } }
    let endpoints = [try await servers[0].start(), try await servers[1].start()]
    try await withChannel(to: endpoints) {
      $0.loadBalancing = .roundRobin
    } _: { channel async throws in
      let calls = (0..<2).map { _ in Task { try await channel.echo() } }
      try await eventually("each server has one") { servers.allSatisfy { $0.requests.count == 1 } }
      for server in servers { server.answer(server.requests[0], with: answer) }
      for call in calls { #expect(try await call.value == "ok") }
    }
    for server in servers { try await server.stop() }
  }

  @Test(
    "While no server can be reached calls fail at once, those that wait for ready wait, and leave when cancelled"
  )
  func waitForReady() async throws {
    let port = try freePort()
    try await withChannel(to: [Endpoint(host: "127.0.0.1", port: port)]) { channel async throws in
      #expect(try await channel.echoError()?.code == .unavailable)
      let patient = CallOptions(waitForReady: true)
      let cancelled = Task { try await channel.echoError(options: patient) }
      cancelled.cancel()
      #expect(try await cancelled.value?.code == .cancelled)
      let late = try await rpcError {
        try await channel.echo(options: CallOptions(timeout: .milliseconds(50), waitForReady: true))
      }
      #expect(late?.code == .deadlineExceeded)
      let waiting = Task { try await channel.echo(options: patient) }
      // Fails fast all the while, also when attempts are under way.
      for _ in 0..<5 { #expect(try await channel.echoError()?.code == .unavailable) }
      let server = RPCServer(services: [EchoService()], logger: quiet)
      try await server.start(on: .hostAndPort("127.0.0.1", port))
      #expect(try await waiting.value == "hi")
      await server.shutdown(within: .zero)
    }
  }
}
