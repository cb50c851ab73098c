import CIMCore
import CIMProtos
import CIMRoute
import CIMTestSupport
import NgRPC
import TestSupport
import Testing

@Suite("What operators are told of one message", .timeLimit(.minutes(1)))
struct ExplainTests {
  private func explain(
    _ conversation: String, _ position: CimV1.LogPosition?, receiver: String? = nil, in cluster: Cluster
  ) async throws -> CimV1.ExplainMessageResponse {
    try await cluster.withAdmin { admin in
      try await admin.explainMessage(
        CimV1.ExplainMessageRequest(
          conversation: conversation, position: position,
          receiver: receiver.map { CimV1.UserKey(key: .name($0)) }))
    }
  }

  private func accepted(_ client: TestClient) async throws -> CimV1.LogPosition {
    guard case .accepted(let accepted)? = try await client.nextResult().outcome else {
      throw DeadlineExceeded("not accepted")
    }
    return try #require(accepted.position)
  }

  @Test("A private message waits for its receiver, is on its way, and is delivered, step by step")
  func direct() async throws {
    try await Cluster.run(servers: 2) { cluster in
      let ann = try await TestClient("ann", to: 0, in: cluster)
      let away = try await TestClient("bob", in: cluster)
      let conversation = ann.conversation(with: away)
      await away.leave()
      try await ann.post("hi", to: conversation)
      let position = try await accepted(ann)

      let waiting = try await explain(conversation, position, receiver: "bob", in: cluster)
      #expect(waiting.state == .logged && waiting.tail == position && waiting.message?.sender == ann.user)
      #expect(waiting.message?.sendID?.counter == 1 && waiting.interestedServers.isEmpty)
      #expect(waiting.receivers.map(\.state) == [.waiting] && waiting.receivers[0].markedAtMs > 0)

      let bob = try await TestClient("bob", in: cluster)
      let message = try await bob.nextMessage()
      #expect(message.position == position)
      let pushed = try await explain(conversation, position, receiver: "bob", in: cluster)
      #expect(pushed.receivers.map(\.state) == [.onItsWay], "shown, and not acknowledged")
      #expect(pushed.receivers[0].devices.map(\.isLinked) == [true])

      try await bob.send(
        .ack(CimV1.Ack(cursors: [CimV1.Cursor(conversation: conversation, position: position)])))
      try await eventually("the acknowledgement is stored") {
        try await explain(conversation, position, receiver: "bob", in: cluster).receivers[0].state
          == .delivered
      }
      let both = try await explain(conversation, position, in: cluster)
      #expect(both.receivers.compactMap(\.user) == [ann.user, bob.user])
      let cas = try await TestClient("cas", in: cluster)
      let third = try await explain(conversation, position, receiver: "cas", in: cluster)
      #expect(third.receivers.map(\.state) == [.notForReceiver])
      for client in [ann, bob, cas] { await client.leave() }
    }
  }

  @Test("A message to all names the servers that got it in a frame, and who is online page by page")
  func lobby() async throws {
    try await Cluster.run(servers: 2) { cluster in
      let ann = try await TestClient("ann", to: 0, in: cluster)
      let bob = try await TestClient("bob", to: 1, in: cluster)
      try await ann.post("hi", to: "lobby")
      let position = try await accepted(ann)
      let answer = try await explain("lobby", position, in: cluster)
      #expect(answer.interestedServers == ["s1", "s2"])
      #expect(answer.receivers.compactMap(\.user) == [ann.user, bob.user])
      try await cluster.withAdmin { admin in
        var request = CimV1.ExplainMessageRequest(conversation: "lobby", position: position, pageSize: 1)
        let first = try await admin.explainMessage(request)
        #expect(first.receivers.compactMap(\.user) == [ann.user] && !first.nextPageToken.isEmpty)
        request.pageToken = first.nextPageToken
        let second = try await admin.explainMessage(request)
        #expect(second.receivers.compactMap(\.user) == [bob.user] && second.nextPageToken.isEmpty)
      }
      var later = position
      later.seq += 1
      #expect(try await explain("lobby", later, in: cluster).state == .notYet)
      later.seq = .max
      #expect(try await explain("lobby", later, in: cluster).state == .notYet)
      await ann.leave()
      await bob.leave()
    }
  }

  @Test("What is not valid is refused with the field's name")
  func badInput() async throws {
    try await Cluster.run { cluster in
      let position = CimV1.LogPosition(epoch: 1, seq: 1)
      let valid = CimV1.ExplainMessageRequest(conversation: "lobby", position: position)
      let changes: [(StatusCode, String, (inout CimV1.ExplainMessageRequest) -> Void)] = [
        (.invalidArgument, "conversation", { $0.conversation = "" }),
        (.invalidArgument, "conversation", { $0.conversation = "p:2:1" }),
        (.notFound, "conversation", { $0.conversation = "g:nowhere" }),
        (.invalidArgument, "position", { $0.position = nil }),
        (.invalidArgument, "position", { $0.position?.seq = 0 }),
        (.invalidArgument, "receiver", { $0.receiver = CimV1.UserKey() }),
        (.notFound, "receiver", { $0.receiver = CimV1.UserKey(key: .name("nobody")) }),
        (.invalidArgument, "page_size", { $0.pageSize = 101 }),
        (.invalidArgument, "page_token", { $0.pageToken = "x" }),
      ]
      try await cluster.withAdmin { admin in
        for (code, field, change) in changes {
          var request = valid
          change(&request)
          do {
            _ = try await admin.explainMessage(request)
            Issue.record("\(field) was accepted")
          } catch let error as RPCError {
            #expect(error.code == code && error.message.contains(field), "\(error)")
          }
        }
      }
    }
  }
}
