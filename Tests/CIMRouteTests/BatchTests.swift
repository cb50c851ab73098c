import CIMCore
import CIMProtos
import CIMRoute
import CIMTestSupport
import NgRPC
import TestSupport
import Testing

@Suite("Messages that another service sends together", .timeLimit(.minutes(1)))
struct BatchTests {
  private func bearer(_ token: String) -> CallOptions {
    CallOptions(metadata: ["authorization": "Bearer \(token)"])
  }

  private func texts(_ texts: [String]) -> [CimV1.Content] { texts.map { CimV1.Content(kind: .text($0)) } }

  @Test("They come in the order of the request, and to their receiver alone; sent again they are known")
  func order() async throws {
    try await Cluster.run(servers: 2) { cluster in
      let ann = try await TestClient("ann", in: cluster)
      let bob = try await TestClient("bob", in: cluster)
      let cas = try await TestClient("cas", in: cluster)
      try await cluster.withRoute { route in
        let request = CimV1.SendBatchRequest(
          target: .userID(bob.user.id), contents: texts((1...100).map { "\($0)" }), idempotencyKey: "batch-1")
        let first = try await route.sendBatch(request, options: bearer(ann.token))
        #expect(first.conversation == ann.conversation(with: bob))
        #expect(first.results.compactMap(\.accepted?.position?.seq) == Array(1...100))
        for number in 1...100 {
          #expect(try await bob.nextMessage().content?.kind == .text("\(number)"))
        }
        let second = try await route.sendBatch(request, options: bearer(ann.token))
        #expect(second.results.map(\.accepted?.position) == first.results.map(\.accepted?.position))
        #expect(second.results.allSatisfy { $0.accepted?.duplicate == true })
        // What comes to the third is what is said next to all: nothing of the batch.
        _ = try await route.sendBatch(
          CimV1.SendBatchRequest(target: .conversation("lobby"), contents: texts(["to all"])),
          options: bearer(ann.token))
        #expect(try await cas.nextMessage().content?.kind == .text("to all"))
      }
    }
  }

  @Test("One that is refused for good is answered with the field, and stops none")
  func refused() async throws {
    try await Cluster.run { cluster in
      let ann = try await TestClient("ann", in: cluster)
      let bob = try await TestClient("bob", in: cluster)
      try await cluster.withRoute { route in
        let answer = try await route.sendBatch(
          CimV1.SendBatchRequest(target: .conversation("lobby"), contents: texts(["one", "", "two"])),
          options: bearer(ann.token))
        #expect(answer.results.map { $0.accepted != nil } == [true, false, true])
        #expect(answer.results[1].refused?.reason == .invalid)
        #expect(answer.results[1].refused?.detail.contains("content.text") == true)
        #expect(try await bob.nextMessage().content?.kind == .text("one"))
        #expect(try await bob.nextMessage().content?.kind == .text("two"))
      }
    }
  }

  @Test("A request that is not valid is refused with the field, and nothing of it is sent")
  func badInput() async throws {
    try await Cluster.run { cluster in
      let ann = try await TestClient("ann", in: cluster)
      let bob = try await TestClient("bob", in: cluster)
      let cas = try await TestClient("cas", in: cluster)
      let valid = CimV1.SendBatchRequest(target: .conversation("lobby"), contents: texts(["x"]))
      let changes: [(StatusCode, String, (inout CimV1.SendBatchRequest) -> Void)] = [
        (.invalidArgument, "target", { $0.target = nil }),
        (.invalidArgument, "user_id", { $0.target = .userID(0) }),
        (.invalidArgument, "conversation", { $0.target = .conversation("nowhere") }),
        (.invalidArgument, "conversation", { $0.target = .conversation(bob.conversation(with: cas)) }),
        (.invalidArgument, "contents", { $0.contents = [] }),
        (.invalidArgument, "contents", { $0.contents = Array(repeating: $0.contents[0], count: 101) }),
        (.invalidArgument, "idempotency_key", { $0.idempotencyKey = String(repeating: "k", count: 61) }),
        (.invalidArgument, "ack_level", { $0.ackLevel = .delivered }),
      ]
      try await cluster.withRoute { route in
        for (code, field, change) in changes {
          var request = valid
          change(&request)
          do {
            _ = try await route.sendBatch(request, options: bearer(ann.token))
            Issue.record("\(field) was accepted")
          } catch let error as RPCError {
            #expect(error.code == code && error.message.contains(field), "\(error)")
          }
        }
        let unnamed = await #expect(throws: RPCError.self) { try await route.sendBatch(valid) }
        #expect(unnamed?.code == .unauthenticated)
        let history = try await route.history(
          CimV1.HistoryRequest(conversation: "lobby"), options: bearer(ann.token))
        #expect(history.messages.isEmpty)
      }
    }
  }
}

extension CimV1.BatchResult {
  fileprivate var accepted: CimV1.Accepted? {
    if case .accepted(let accepted)? = outcome { accepted } else { nil }
  }

  fileprivate var refused: CimV1.Refused? {
    if case .refused(let refused)? = outcome { refused } else { nil }
  }
}
