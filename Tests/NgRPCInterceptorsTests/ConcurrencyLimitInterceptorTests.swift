import NIOCore
import NgRPC
import NgRPCProtos
import NgRPCStatusDetails
import Testing

@testable import NgRPCInterceptors

@Suite("A limit of calls in flight", .timeLimit(.minutes(1)))
struct ConcurrencyLimitInterceptorTests {
  @Test(
    "A call over the limit is refused and told when to try again, and one that ends makes room",
    arguments: [true, false])
  func limit(perPeer: Bool) async throws {
    let limit = ConcurrencyLimitInterceptor(
      perPeer: perPeer ? 2 : nil, total: perPeer ? nil : 2, retryDelay: .milliseconds(1500))
    try await withLoopback(server: [limit]) { channel, endpoint in
      // Another connection of the same peer.
      let other = RPCChannel(to: [endpoint], logger: quiet)
      let calls = [channel, other].map { $0.call(EchoService.stream, (ByteBuffer.self, ByteBuffer.self)) }
      for call in calls {
        try await call.send(ByteBuffer(string: "x"))
        var responses = call.messages.makeAsyncIterator()
        #expect(try await responses.next() != nil)
      }
      #expect(limit.inFlight == 2)
      let refused = try await channel.exchange(EchoService.unary).status
      #expect(refused.code == .resourceExhausted)
      #expect(refused.message.contains("at most 2 calls"))
      #expect(try refused.detail(RetryInfo.self)?.retryDelay == .init(seconds: 1, nanos: 500_000_000))
      calls[0].finish()
      #expect(try await calls[0].status().code == .ok)
      try await channel.expect(.ok, of: EchoService.unary)
      calls[1].cancel()
      await other.shutdown(within: .seconds(5))
    }
    #expect(limit.inFlight == 0)
  }

  @Test("Calls that a lost connection, a deadline or a later refusal ends make room")
  func ends() async throws {
    let limit = ConcurrencyLimitInterceptor(perPeer: 1)
    let service = EchoService(began: { call in
      if call.method == EchoService.chat { try await Task.sleep(for: .seconds(3600)) }
    })
    let refusing = RefusingInterceptor().applied(to: .methods([EchoService.collect]))
    try await withLoopback(service, server: [limit, refusing]) { channel, endpoint in
      let late = try await channel.exchange(
        EchoService.chat, options: CallOptions(timeout: .milliseconds(300)))
      #expect(late.status.code == .deadlineExceeded)
      try await channel.expect(.aborted, of: EchoService.collect)
      let other = RPCChannel(to: [endpoint], logger: quiet)
      let call = other.call(EchoService.stream, (ByteBuffer.self, ByteBuffer.self))
      try await call.send(ByteBuffer(string: "x"))
      var responses = call.messages.makeAsyncIterator()
      #expect(try await responses.next() != nil)
      await other.shutdown(within: .zero)
      // The server learns of the loss when it comes to it.
      while try await channel.exchange(EchoService.unary).status.code == .resourceExhausted {}
      #expect(limit.inFlight == 0)
    }
  }

  @Test("Peers are addresses, whatever their ports; of IPv6 a /64; mapped IPv4 is IPv4")
  func peers() throws {
    func peer(_ address: String, _ port: Int) throws -> PeerAddress {
      PeerAddress(try SocketAddress(ipAddress: address, port: port))
    }
    #expect(try peer("10.1.2.3", 1) == peer("10.1.2.3", 2))
    #expect(try peer("10.1.2.3", 1) != peer("10.1.2.4", 1))
    #expect(try peer("::ffff:10.1.2.3", 1) == peer("10.1.2.3", 2))
    #expect(try peer("2001:db8:0:1::1", 1) == peer("2001:db8:0:1:ffff::2", 1))
    #expect(try peer("2001:db8:0:1::1", 1) != peer("2001:db8:0:2::1", 1))
  }

  @Test("A peer without calls takes no memory, and no count is lost between threads")
  func table() async {
    let counts = CallCounts(perPeer: 1, total: .max)
    await withTaskGroup(of: Void.self) { group in
      for thread in 0..<4 {
        group.addTask {
          for number in 0..<10_000 {
            let peer = PeerAddress.v4(UInt32(thread * 10_000 + number))
            #expect(counts.add(peer) == nil)
            #expect(counts.add(peer) == .peer)
            counts.remove(peer)
          }
        }
      }
    }
    #expect(counts.total == 0)
    #expect(counts.peerCount == 0)
  }
}

private struct RefusingInterceptor: ServerInterceptor {
  func intercept(_ call: inout ServerContext) throws -> ServerInterception {
    throw RPCError(code: .aborted, message: "")
  }
}
