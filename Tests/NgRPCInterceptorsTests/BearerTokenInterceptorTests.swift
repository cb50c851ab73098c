import NIOCore
import NgRPC
import NgRPCInterceptors
import Synchronization
import Testing

@Suite("Bearer tokens of a channel", .timeLimit(.minutes(1)))
struct BearerTokenInterceptorTests {
  /// A service that knows some tokens, and the tokens that it has seen.
  private static func server(_ valid: @escaping @Sendable (String) -> Bool) -> AuthenticationInterceptor<
    String
  > {
    AuthenticationInterceptor(verifyingAtOnce: { credentials, _ in
      valid(credentials.value) ? credentials.value : nil
    })
  }

  @Test("A token is got once for all calls, until it expires soon")
  func reuse() async throws {
    let count = Atomic(0)
    let interceptor = BearerTokenInterceptor(allowsPlaintext: true) {
      let number = count.add(1, ordering: .relaxed).newValue
      await Task.yield()
      return BearerToken("t\(number)", expiry: number == 1 ? .now + .seconds(20) : .now + .seconds(3600))
    }
    try await withLoopback(server: [Self.server { _ in true }], channel: [interceptor]) { channel, _ in
      // The first expires within the margin, and serves those that waited for it.
      try await withThrowingTaskGroup(of: StatusCode.self) { group in
        for method in EchoService.every { group.addTask { try await channel.exchange(method).status.code } }
        for try await code in group { #expect(code == .ok) }
      }
      for method in EchoService.every { _ = try await channel.exchange(method) }
      let before = count.load(ordering: .relaxed)
      for method in EchoService.every { try await channel.expect(.ok, of: method) }
      #expect(count.load(ordering: .relaxed) == before)
    }
  }

  @Test("A token that the server refuses is replaced for the next call")
  func rejected() async throws {
    let count = Atomic(0)
    let interceptor = BearerTokenInterceptor(allowsPlaintext: true) {
      BearerToken("t\(count.add(1, ordering: .relaxed).newValue)")
    }
    try await withLoopback(server: [Self.server { $0 == "t2" }], channel: [interceptor]) { channel, _ in
      try await channel.expect(.unauthenticated, of: EchoService.chat)
      try await channel.expect(.ok, of: EchoService.chat)
      try await channel.expect(.ok, of: EchoService.chat)
    }
    #expect(count.load(ordering: .relaxed) == 2)
  }

  @Test("Nothing is sent in plaintext unless that is allowed")
  func plaintext() async throws {
    let handlers = Journal<Void>()
    let service = EchoService(began: { _ in handlers.append(()) })
    try await withLoopback(service, channel: [BearerTokenInterceptor { BearerToken("t") }]) { channel, _ in
      let status = try await channel.exchange(EchoService.unary).status
      #expect(status.code == .unauthenticated)
      #expect(status.message.contains("plaintext"))
    }
    #expect(handlers.entries.isEmpty)
  }

  @Test("A token that can't be got, or can't be one, ends the call and is asked for again")
  func failures() async throws {
    struct Offline: Error {}
    let tokens = Mutex<[Result<BearerToken, any Error>]>([
      .failure(Offline()), .success(BearerToken("")), .success(BearerToken("a b")),
      .success(BearerToken("good=")),
    ])
    let interceptor = BearerTokenInterceptor(allowsPlaintext: true) {
      try tokens.withLock { $0.removeFirst() }.get()
    }
    try await withLoopback(channel: [interceptor]) { channel, _ in
      var codes: [StatusCode] = []
      for _ in 0..<4 { codes.append(try await channel.exchange(EchoService.unary).status.code) }
      #expect(codes == [.unavailable, .unauthenticated, .unauthenticated, .ok])
    }
  }

  @Test("A cancelled call leaves the attempt to those that wait too")
  func cancelled() async throws {
    let gate = Gate()
    let interceptor = BearerTokenInterceptor(allowsPlaintext: true) {
      try await gate.pass()
      return BearerToken("t")
    }
    try await withLoopback(server: [Self.server { _ in true }], channel: [interceptor]) { channel, _ in
      let first = channel.call(EchoService.chat, (ByteBuffer.self, ByteBuffer.self))
      try await gate.reached.wait { $0.count == 1 }
      async let second = channel.exchange(EchoService.chat)
      first.cancel()
      #expect(try await first.status().code == .cancelled)
      gate.open()
      let status = try await second.status
      #expect(status.code == .ok)
      #expect(gate.reached.entries.count == 1)
    }
  }
}
