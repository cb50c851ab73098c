import Glibc
import TestSupport
import Testing

@Suite(.serialized) struct ChatTests {
  @Test("Two people on two servers chat in the group and in private", .timeLimit(.minutes(2)))
  func twoServers() async throws {
    let cluster = try await CimCluster()
    let ann = try await cluster.chat(as: "ann")
    let ben = try await cluster.chat(as: "ben")
    let cat = try await cluster.chat(as: "cat")
    #expect(ann.server != ben.server, "round-robin puts two people on two servers")

    try ann.type("hello everybody")
    try await ben.sees("hello everybody")
    try await cat.sees("hello everybody")

    try ben.type("\(ann.id);;a word with ann")
    try await ann.sees("a word with ann")
    try ann.type("\(ben.id);;and one with ben")
    try await ben.sees("and one with ben")

    // Comes behind the private words, so whoever has seen it would have seen them.
    try ben.type("all done")
    try await cat.sees("all done")
    #expect(!cat.screen.contains("a word with ann"))
    #expect(!cat.screen.contains("and one with ben"))
  }

  @Test("Text that arrives while a line is typed leaves the line whole", .timeLimit(.minutes(2)))
  func typing() async throws {
    let cluster = try await CimCluster()
    let ann = try await cluster.chat(as: "ann")
    let ben = try await cluster.chat(as: "ben")
    try ann.process.write("half a ")
    try await ann.sees("half a ")
    try ben.type("an interruption")
    try await ann.sees("an interruption")
    try ann.process.write("sentence\n")
    try await ben.sees("half a sentence")
  }

  @Test("A killed server's client is back on the other by itself and chats again", .timeLimit(.minutes(2)))
  func serverKilled() async throws {
    try await failover({ $0.kill() }) { ann, server in
      try await ann.isBack(on: server)
      #expect(ann.screen.ranges(of: "connection lost").count == 1, "an outage is told once")
    }
  }

  @Test(
    "What is typed without a connection is said to wait, and sent once there is one", .timeLimit(.minutes(2)))
  func held() async throws {
    let cluster = try await CimCluster()
    let ann = try await cluster.chat(as: "ann")
    let ben = try await cluster.chat(as: "ben")
    for server in cluster.servers { server.process.kill() }
    try await ann.sees("connection lost, reconnecting: ")
    try await ann.does("can you hear me?", sees: "not connected now: sent as soon as you are")
    let server = try CimProcess.server(id: "server-c", zooKeeper: cluster.zooKeeper.connectString)
    try await ann.isBack(on: server.id)
    try await ben.sees("can you hear me?")
  }

  @Test("A stopped server's client moves to the other, and is never without one", .timeLimit(.minutes(2)))
  func serverStopped() async throws {
    try await failover({ $0.signal(SIGTERM) }) { ann, server in
      try await ann.sees("moved to server \(server)")
      #expect(!ann.screen.contains("reconnecting"))
    }
  }

  private func failover(
    _ end: (ChildProcess) -> Void, isBack: (TerminalChat, _ server: String) async throws -> Void
  ) async throws {
    let cluster = try await CimCluster()
    let ann = try await cluster.chat(as: "ann")
    let ben = try await cluster.chat(as: "ben")
    try #require(ann.server != ben.server)

    let lost = try #require(cluster.servers.first { $0.id == ann.server })
    end(lost.process)
    try await isBack(ann, ben.server)
    // Nobody is left to wait for.
    try await lost.process.waitUntilExit(within: .seconds(5))
    try ann.type("back again")
    try await ben.sees("back again")
    try ben.type("\(ann.id);;welcome back")
    try await ann.sees("welcome back")
  }

  @Test("Who leaves is offline, and the program ends well", .timeLimit(.minutes(2)))
  func leaving() async throws {
    let cluster = try await CimCluster()
    let ann = try await cluster.chat(as: "ann")
    let ben = try await cluster.chat(as: "ben")
    try ben.type(":q!")
    #expect(try await ben.process.waitUntilExit() == .code(0))
    try await eventually("ann alone online; she sees:\n\(ann.screen)") {
      let mark = ann.process.output.end
      try ann.type(":olu")
      try await ann.sees("ann (you)", after: mark)
      return !ann.process.output.text(after: mark).contains("ben")
    }
  }
}
