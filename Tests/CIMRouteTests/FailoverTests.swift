import CIMCore
import CIMProtos
import CIMRoute
import CIMServer
import CIMTestSupport
import NIOCore
import NgRPC
import TestSupport
import Testing

@Suite("Failover of the choice", .timeLimit(.minutes(1)))
struct FailoverTests {
  private func login(
    _ name: String, _ route: CimV1.Route.Client, avoiding avoided: String = ""
  ) async throws -> CimV1.LoginResponse {
    let user = try await route.register(CimV1.RegisterRequest(name: name)).user
    return try await route.login(
      CimV1.LoginRequest(userID: user?.id ?? 0, name: name, deviceID: "d1", avoidServerID: avoided))
  }

  @Test(
    "After a reselect the server that took the client is what is answered and stored, not the dead one",
    arguments: Balancing.allCases)
  func reselect(balancing: Balancing) async throws {
    try await Cluster.run(servers: 3) {
      $0.route = { $0.balancing = balancing }
    } _: { cluster in
      let first = try await cluster.withRoute { try await login("ann", $0) }
      let chosen = try #require(first.server)
      let index = try #require(cluster.servers.firstIndex { $0.address.port == Int(chosen.port) })
      // Its clients' port is dead and its link is up: only the client can tell.
      await cluster.servers[index].refuseClients()
      let second = try await cluster.withRoute { try await login("ann", $0, avoiding: chosen.id) }
      let taken = try #require(second.server)
      #expect(taken.id != chosen.id)
      let (channel, call) = TestClient.open(
        token: second.token, at: Endpoint(host: taken.host, port: Int(taken.port)))
      try await call.send(
        CimV1.ConnectRequest(frame: .hello(CimV1.Hello(deviceID: "d1", protocolVersion: 1))))
      for try await response in call.messages {
        guard case .welcome(let welcome) = response.frame else { continue }
        #expect(welcome.serverID == taken.id)
        break
      }
      let user = UserID(second.user?.id ?? 0)
      let stored = try await cluster.stores.sessions.sessions(of: [user])[user] ?? []
      #expect(stored.map(\.instance.id.rawValue) == [taken.id])
      await channel.shutdown(within: .zero)
    }
  }

  @Test("A server that dies is not chosen any more, and all that live are", arguments: Balancing.allCases)
  func death(balancing: Balancing) async throws {
    try await Cluster.run(servers: 3) {
      $0.route = { $0.balancing = balancing }
    } _: { cluster in
      await cluster.servers[1].crash()
      try await eventually("the route knows") { cluster.routes[0].node.readyServers == 2 }
      let chosen = try await cluster.withRoute { route in
        var chosen: Set<String> = []
        for number in 1...40 { chosen.insert(try await login("user\(number)", route).server?.id ?? "none") }
        return chosen
      }
      #expect(chosen == ["s1", "s3"])
    }
  }

  @Test("Servers tell how many clients they have, and those with fewer get the next ones")
  func leastConnections() async throws {
    try await Cluster.run(servers: 2) {
      $0.route = { $0.balancing = .leastConnections }
      $0.server = { $0.linkPingAfter = .milliseconds(50) }
    } _: { cluster in
      var clients: [TestClient] = []
      for number in 1...4 {
        clients.append(try await TestClient("early\(number)", to: 0, in: cluster))
      }
      // The route has sent two of them to each, and learns that all are on the first.
      let expected = [try ServerID("s1"): 4, try ServerID("s2"): 0]
      try await eventually("the route knows who is where") {
        cluster.routes[0].node.connections == expected
      }
      let chosen = try await cluster.withRoute { route in
        var chosen: [String] = []
        for number in 1...4 { chosen.append(try await login("late\(number)", route).server?.id ?? "none") }
        return chosen
      }
      #expect(chosen == ["s2", "s2", "s2", "s2"])
      for client in clients { await client.leave() }
    }
  }
}
