import CIMClient
import CIMCore
import CIMServer
import CIMTestSupport
import TestSupport
import Testing

@Suite("A client whose connection fails", .timeLimit(.minutes(1)))
struct ReconnectTests {
  @Test("It is back on another server by itself; what was said meanwhile is logged once, in order")
  func cut() async throws {
    try await self.run { cluster, registry in
      let ann = try await TestUser("ann", in: cluster)
      let bob = try await TestUser("bob", in: cluster)
      let lost = try ann.server
      let relay = try #require(try registry.relay(lost))
      for number in 1...20 { ann.client.post("\(number)", to: .lobby) }
      relay.cut()
      for number in 21...40 { ann.client.post("\(number)", to: .lobby) }
      try await ann.ready()
      #expect(try ann.server != lost)
      #expect(try await bob.texts(40) == (1...40).map(String.init))
      try await bob.client.send("welcome back", to: .user(try ann.id))
      #expect(try await ann.message().text == "welcome back")
    }
  }

  @Test("A peer that says nothing more is found by its silence")
  func silent() async throws {
    try await self.run { cluster, registry in
      let ann = try await TestUser("ann", in: cluster) {
        $0.heartbeat = .init(pingInterval: .milliseconds(100), idleTimeout: .milliseconds(400))
      }
      let lost = try ann.server
      try #require(try registry.relay(lost)).setSilent(true)
      let waiting = try await ann.next { if case .state(.reconnecting) = $0 { true } else { false } }
      guard case .state(.reconnecting(let reason, _)) = waiting else { return }
      #expect(reason.contains("nothing was heard of server \(lost)"))
      try await ann.ready()
      #expect(try ann.server != lost)
    }
  }

  @Test("Pings alone keep a connection alive")
  func pings() async throws {
    try await self.run { cluster, _ in
      let ann = try await TestUser("ann", in: cluster) {
        $0.heartbeat = .init(pingInterval: .milliseconds(100), idleTimeout: .milliseconds(1500))
      }
      // Longer than the timeout: this is about time that passes.
      try await Task.sleep(for: .milliseconds(2000))
      #expect(ann.client.info.state == .ready(try ServerID(ann.server)))
    }
  }

  @Test("A server that goes away is left before it is gone")
  func drained() async throws {
    try await self.run { cluster, _ in
      let ann = try await TestUser("ann", in: cluster)
      let old = try ann.server
      let server = try #require(cluster.servers.first { $0.node.instance?.id.rawValue == old })
      async let stopped: Void = server.node.shutdown(within: .seconds(1))
      try await ann.moved()
      await stopped
      #expect(try ann.server != old)
      try await ann.client.send("moved", to: .lobby)
    }
  }

  private func run(_ body: @Sendable (Cluster, RelayedRegistry) async throws -> Void) async throws {
    let registry = RelayedRegistry()
    try await Cluster.run(servers: 2, configure: { $0.registry = registry }) { cluster in
      try await body(cluster, registry)
    }
    await registry.stop()
  }
}
