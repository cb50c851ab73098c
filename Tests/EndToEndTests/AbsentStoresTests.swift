import NgRPCProtos
import TestSupport
import Testing

@Suite struct AbsentStoresTests {
  @Test(
    "Redis and ZooKeeper may come later: until then nothing serves, and the log says why",
    .timeLimit(.minutes(2)))
  func comeLater() async throws {
    let redis = try await RedisServer()
    let zooKeeper = try await ZooKeeperServer()
    try await redis.stop()
    try await zooKeeper.stop()

    let route = try CimProcess.route(id: "route-1", redis: redis.url, zooKeeper: zooKeeper.connectString)
    let server = try CimProcess.server(id: "server-a", zooKeeper: zooKeeper.connectString)
    try await route.wait(until: .notServing)
    try await server.wait(until: .notServing)
    try await eventually("Redis named in the log:\n\(route.log)") { route.log.contains("\(redis.port)") }
    try await eventually("ZooKeeper named in the log:\n\(route.log)") {
      route.log.contains("\(zooKeeper.port)") && server.log.contains("\(zooKeeper.port)")
    }

    try await redis.start()
    try await zooKeeper.start()
    try await route.wait(until: .serving)
    try await server.wait(until: .serving)
    _ = try await TerminalChat(as: "ann", route: route)
  }
}
