import CIMClient
import CIMCore
import CIMServer
import CIMTestSupport
import TestSupport
import Testing

@Suite("What a client missed", .timeLimit(.minutes(1)))
struct MissedMessagesTests {
  @Test("It comes in order, before what is said now, once: in private and in the lobby")
  func missed() async throws {
    try await Cluster.run(servers: 2) { cluster in
      let storage = InMemoryStorage()
      let bob = try await TestUser("bob", in: cluster)
      let ann = try await TestUser("ann", in: cluster) { $0.storage = storage }
      let id = try ann.id
      try await bob.client.send("seen", to: .user(id))
      #expect(try await ann.texts(1) == ["seen"])
      await ann.client.close()

      for number in 1...300 { bob.client.post("\(number)", to: .user(id)) }
      for number in 1...50 { bob.client.post("\(number)", to: .lobby) }
      try await bob.client.send("51", to: .lobby)

      let back = try await TestUser("ann", in: cluster) { $0.storage = storage }
      try await bob.client.send("301", to: .user(id))
      try await bob.client.send("52", to: .lobby)
      var texts: [Conversation: [String]] = [:]
      for _ in 1...353 {
        let message = try await back.message()
        texts[message.conversation, default: []].append(message.text)
      }
      #expect(texts[.lobby] == (1...52).map(String.init))
      #expect(texts[.direct(between: id, and: try bob.id)] == (1...301).map(String.init))
      #expect(back.client.info.counters.gaps == 0)
    }
  }

  @Test("After a crash it goes on behind the last message that was stored, whatever the service was told")
  func crashed() async throws {
    try await Cluster.run(servers: 2) { cluster in
      let storage = InMemoryStorage()
      let bob = try await TestUser("bob", in: cluster)
      let ann = try await TestUser("ann", in: cluster) { $0.storage = storage }
      let id = try ann.id
      for number in 1...10 { try await bob.client.send("\(number)", to: .user(id)) }
      #expect(try await ann.texts(10) == (1...10).map(String.init))
      let copy = InMemoryStorage()
      copy.save(storage.record.changes)
      for number in 11...20 { try await bob.client.send("\(number)", to: .user(id)) }
      #expect(try await ann.texts(10) == (11...20).map(String.init))
      await ann.client.close()

      let back = try await TestUser("ann", in: cluster) { $0.storage = copy }
      try await bob.client.send("21", to: .user(id))
      #expect(try await back.texts(11) == (11...21).map(String.init))
    }
  }

  @Test("A cut in the middle of a conversation is not seen in it")
  func cut() async throws {
    let registry = RelayedRegistry()
    try await Cluster.run(servers: 2, configure: { $0.registry = registry }) { cluster in
      let ann = try await TestUser("ann", in: cluster)
      let bob = try await TestUser("bob", in: cluster)
      let id = try ann.id
      for number in 1...300 {
        try await bob.client.send("\(number)", to: .user(id))
        if number % 100 == 50 { try #require(try registry.relay(ann.server)).cut() }
      }
      #expect(try await ann.texts(300) == (1...300).map(String.init))
      #expect(ann.client.info.counters.gaps == 0)
      #expect(ann.client.info.counters.reconnects == 3)
    }
    await registry.stop()
  }

  @Test("A sender can wait until a device of its receiver has a message, also one that is away")
  func delivered() async throws {
    try await Cluster.run(servers: 2) { cluster in
      let storage = InMemoryStorage()
      let ann = try await TestUser("ann", in: cluster)
      let bob = try await TestUser("bob", in: cluster) { $0.storage = storage }
      let id = try bob.id
      let first = try await ann.client.send("are you there?", to: .user(id), level: .delivered)
      #expect(first.reached == .delivered)
      #expect(try await bob.texts(1) == ["are you there?"])
      await bob.client.close()

      async let second = ann.client.send("come back!", to: .user(id), level: .delivered)
      let third = ann.client.post("please!", to: .user(id), level: .delivered)
      let logged = try await ann.next { if case .sendAccepted(third, _) = $0 { true } else { false } }
      guard case .sendAccepted(_, let accepted) = logged else { return }
      #expect(accepted.reached == .logged)
      let back = try await TestUser("bob", in: cluster) { $0.storage = storage }
      #expect(Set(try await back.texts(2)) == ["come back!", "please!"])
      #expect(try await second.reached == .delivered)
      let told = try await ann.next { if case .sendDelivered(third, _) = $0 { true } else { false } }
      guard case .sendDelivered(_, let delivered) = told else { return }
      #expect(delivered.reached == .delivered)
    }
  }

  @Test("A drained server's clients are on another, with all that was said and without a word about it")
  func drained() async throws {
    try await Cluster.run(servers: 3) { cluster in
      let ann = try await TestUser("ann", in: cluster)
      let bob = try await TestUser("bob", in: cluster)
      let (annsID, bobsID) = (try ann.id, try bob.id)
      let old = try ann.server
      let server = try #require(cluster.servers.first { $0.node.instance?.id.rawValue == old })
      async let stopped: Void = server.node.shutdown(within: .seconds(2))
      for number in 1...200 {
        async let there: Accepted = ann.client.send("\(number)", to: .user(bobsID))
        async let back: Accepted = bob.client.send("\(number)", to: .user(annsID))
        _ = try await (there, back)
        try await Task.sleep(for: .milliseconds(5))
      }
      #expect(try await bob.texts(200) == (1...200).map(String.init))
      var texts: [String] = []
      var moves: [Duration] = []
      while texts.count < 200 {
        switch try await ann.next(where: { _ in true }) {
        case .message(let message): texts.append(message.text)
        case .moved(_, let away): moves.append(away)
        case .receipt: break
        case let other: Issue.record("\(other)")
        }
      }
      #expect(texts == (1...200).map(String.init))
      #expect(moves.count == 1)
      #expect(moves.allSatisfy { $0 < .seconds(1) })
      #expect(try ann.server != old)
      await stopped
    }
  }
}
