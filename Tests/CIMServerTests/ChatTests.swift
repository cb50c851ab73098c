import CIMCore
import CIMProtos
import CIMServer
import CIMTestSupport
import NgRPC
import TestSupport
import Testing

@Suite("Chatting over routes and servers", .timeLimit(.minutes(1)))
struct ChatTests {
  @Test("A message to the lobby reaches everyone on every server, its sender too")
  func lobby() async throws {
    try await Cluster.run(servers: 2) { cluster in
      let ann = try await TestClient("ann", to: 0, in: cluster)
      let bob = try await TestClient("bob", to: 0, in: cluster)
      let cid = try await TestClient("cid", to: 1, in: cluster)
      try await ann.post("hello", to: "lobby", properties: ["lang": "en"])
      for other in [ann, bob, cid] {
        let message = try await other.nextMessage()
        #expect(message.sender == ann.user)
        #expect(message.content?.kind == .text("hello"))
        #expect(message.content?.properties == ["lang": "en"])
        #expect(message.conversation == "lobby")
        #expect(message.position?.seq == 1)
      }
      for client in [ann, bob, cid] { await client.leave() }
    }
  }

  @Test("A private message reaches the one it is for, on another server, and nobody else")
  func direct() async throws {
    try await Cluster.run(servers: 2) { cluster in
      let ann = try await TestClient("ann", to: 0, in: cluster)
      let bob = try await TestClient("bob", to: 1, in: cluster)
      let cid = try await TestClient("cid", to: 1, in: cluster)
      let conversation = ann.conversation(with: bob)
      for text in ["one", "two", "three"] { try await ann.post(text, to: conversation) }
      for (seq, text) in ["one", "two", "three"].enumerated() {
        let message = try await bob.nextMessage()
        #expect(message.content?.kind == .text(text))
        #expect(message.position?.seq == UInt64(seq + 1))
        #expect(message.sender == ann.user)
      }
      // What comes to the third user first is the lobby's message, sent after.
      try await ann.post("all", to: "lobby")
      #expect(try await cid.nextMessage().content?.kind == .text("all"))
      for client in [ann, bob, cid] { await client.leave() }
    }
  }

  @Test("A sender's messages keep their order, however fast they come")
  func order() async throws {
    try await Cluster.run(servers: 2, routes: 2) { cluster in
      let ann = try await TestClient("ann", to: 0, in: cluster)
      let bob = try await TestClient("bob", to: 1, in: cluster)
      let count = 300
      // No more under way than a server takes from one client.
      for start in stride(from: 0, to: count, by: 60) {
        for index in start..<start + 60 { try await ann.post("\(index)", to: "lobby") }
        for _ in 0..<60 {
          guard case .accepted = try await ann.nextResult().outcome else {
            Issue.record("a message was not accepted")
            return
          }
        }
      }
      for index in 0..<count {
        let message = try await bob.nextMessage()
        #expect(message.content?.kind == .text("\(index)"))
        #expect(message.position?.seq == UInt64(index + 1))
      }
      await ann.leave()
      await bob.leave()
    }
  }

  @Test("A text over the limit is refused, and the next message goes through")
  func oversized() async throws {
    try await Cluster.run { cluster in
      let ann = try await TestClient("ann", in: cluster)
      try await ann.post(String(repeating: "x", count: 1_000_000), to: "lobby")
      try await ann.post("fine", to: "lobby")
      guard case .refused(let refused) = try await ann.nextResult().outcome else {
        Issue.record("a text of 1 MB was not refused")
        return
      }
      #expect(refused.reason == .invalid)
      #expect(refused.detail.contains("content.text"))
      #expect(refused.detail.contains("65536"))
      let next = try await ann.nextResult()
      #expect(next.sendID?.counter == 2)
      guard case .accepted(let accepted) = next.outcome else {
        Issue.record("the message after a refused one was not accepted: \(next)")
        return
      }
      #expect(accepted.position?.seq == 1)
      await ann.leave()
    }
  }

  @Test("A message to a user who does not exist is refused by name, and nothing else stops")
  func unknownUser() async throws {
    try await Cluster.run { cluster in
      let ann = try await TestClient("ann", in: cluster)
      try await ann.post("hello?", to: "p:\(ann.user.id):999")
      guard case .refused(let refused) = try await ann.nextResult().outcome else {
        Issue.record("a message to nobody was not refused")
        return
      }
      #expect(refused.reason == .unknownUser)
      #expect(refused.detail.contains("999"))
      try await ann.post("hello", to: "lobby")
      guard case .accepted = try await ann.nextResult().outcome else {
        Issue.record("the next message was not accepted")
        return
      }
      await ann.leave()
    }
  }

  @Test("A message sent again under its number is accepted once, and answered twice")
  func repeated() async throws {
    try await Cluster.run { cluster in
      let ann = try await TestClient("ann", in: cluster)
      let frame = CimV1.ConnectRequest.Frame.send(
        CimV1.Send(
          sendID: CimV1.SendId(producer: "outbox", conversation: "lobby", counter: 1),
          content: CimV1.Content(kind: .text("once"))))
      try await ann.send(frame)
      try await ann.send(frame)
      let results = [try await ann.nextResult(), try await ann.nextResult()]
      let answers = results.compactMap { result -> CimV1.Accepted? in
        if case .accepted(let accepted) = result.outcome { accepted } else { nil }
      }
      #expect(answers.map(\.duplicate) == [false, true])
      #expect(Set(answers.map(\.position)).count == 1)
      await ann.leave()
    }
  }

  @Test("A frame that is not known is ignored and counted, and a ping is answered")
  func unknownFrame() async throws {
    try await Cluster.run { cluster in
      let ann = try await TestClient("ann", in: cluster)
      let before = cluster.servers[0].node.statistics.ignoredFrames
      try await ann.send(nil)
      try await ann.send(.ping(CimV1.Ping(nonce: 42)))
      let nonce = try await ann.next { if case .pong(let pong) = $0 { pong.nonce } else { nil } }
      #expect(nonce == 42)
      #expect(cluster.servers[0].node.statistics.ignoredFrames == before + 1)
      await ann.leave()
    }
  }
}
