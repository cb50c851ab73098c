import CIMClient
import CIMCore
import CIMTestSupport
import TestSupport
import Testing

@Suite("What a client has the service send later", .timeLimit(.minutes(1)))
struct DelayedTests {
  @Test("A scheduled text is sent although its sender has left, who gets it as well, now or on return")
  func sent() async throws {
    try await Cluster.run(servers: 2) { cluster in
      let ann = try await TestUser("ann", in: cluster)
      let bob = try await TestUser("bob", in: cluster)
      let before = Timestamp.now()
      let (id, due) = try await ann.client.schedule(
        "later", to: .user(try bob.id), at: .after(milliseconds: 1000), properties: ["lang": "en"])
      #expect(due.milliseconds >= before.milliseconds + 1000)
      let listed = try await ann.client.scheduled()
      let expected = DelayedText(
        id: id, conversation: .direct(between: try ann.id, and: try bob.id), text: "later",
        properties: ["lang": "en"], due: due, state: .waiting)
      #expect(listed == [expected])
      await ann.client.close()
      let message = try await bob.message()
      #expect(message.text == "later" && message.properties == ["lang": "en"])
      #expect(message.sender.name.rawValue == "ann" && message.loggedAt >= due)
      let back = try await TestUser("ann", in: cluster)
      #expect(try await back.client.scheduled().isEmpty)
      _ = try await back.client.schedule("now", to: .user(try bob.id), at: .at(Timestamp(milliseconds: 0)))
      #expect(try await back.texts(2) == ["later", "now"])
      #expect(try await bob.message().text == "now")
    }
  }

  @Test("A cancelled text is not sent, and what is wrong is said by the error's code")
  func cancelled() async throws {
    try await Cluster.run { cluster in
      let ann = try await TestUser("ann", in: cluster)
      let (id, _) = try await ann.client.schedule("never", to: .lobby, at: .after(milliseconds: 3_600_000))
      let cancelled = try await ann.client.cancelScheduled(id)
      #expect(cancelled)
      #expect(try await ann.client.scheduled().isEmpty)
      let codes = [
        await Self.code { _ = try await ann.client.cancelScheduled(id) },
        await Self.code { _ = try await ann.client.schedule("", to: .lobby, at: .after(milliseconds: 0)) },
        await Self.code {
          _ = try await ann.client.schedule("x", to: .user(UserID(999)), at: .after(milliseconds: 0))
        },
        await Self.code {
          _ = try await ann.client.schedule("x", to: .lobby, at: .after(milliseconds: .max))
        },
      ]
      #expect(codes == [.notFound, .invalid, .notFound, .invalid])
    }
  }

  private static func code(_ body: () async throws -> Void) async -> ClientError.Code? {
    do {
      try await body()
      return nil
    } catch {
      return (error as? ClientError)?.code
    }
  }
}
