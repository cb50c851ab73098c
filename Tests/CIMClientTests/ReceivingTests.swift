import CIMClient
import CIMCore
import CIMTestSupport
import TestSupport
import Testing

@Suite("What a client tells", .timeLimit(.minutes(1)))
struct ReceivingTests {
  @Test("States begin with the current one, for each reader, and end with the last; events need not be taken")
  func states() async throws {
    try await Cluster.run { cluster in
      let client = ChatClient(.test(.name(try UserName("ann")), cluster.endpoints))
      #expect(client.info.state == .initialized)
      var early = client.states.makeAsyncIterator()
      #expect(await early.next() == .initialized)

      try await client.connect()
      let ready = ChatClient.State.ready(try ServerID("s1"))
      var late = client.states.makeAsyncIterator()
      #expect(await late.next() == ready)
      var seen = try #require(await early.next())
      if seen == .connecting { seen = try #require(await early.next()) }
      #expect(seen == ready)

      await client.close()
      #expect(await early.next() == .closed)
      #expect(await early.next() == nil)
      #expect(await client.states.reduce(into: []) { $0.append($1) } == [.closed])
    }
  }

  @Test("A client that gives up says why, and its states end")
  func failure() async throws {
    try await Cluster.run { cluster in
      let ann = try await TestUser("ann", in: cluster)
      let impostor = ChatClient(
        .test(.account(Account(id: try ann.id, name: try UserName("eve"))), cluster.endpoints))
      let error = await #expect(throws: ClientError.self) { try await impostor.connect() }
      let states = await impostor.states.reduce(into: []) { $0.append($1) }
      #expect(states == [.failed(try #require(error))])
    }
  }

  @MainActor
  @Test("Callbacks get every event in order, one at a time, where they were asked for, until the end")
  func callbacks() async throws {
    try await Cluster.run { cluster in
      let bob = try await TestUser("bob", in: cluster)
      let ann = ChatClient(.test(.name(try UserName("ann")), cluster.endpoints))
      let heard = Task { @MainActor in
        var texts: [String] = []
        var states: [ChatClient.State] = []
        var answers: [ChatClient.Event] = []
        await ann.receive(
          onMessage: { message in
            MainActor.assertIsolated()
            // Another callback that ran meanwhile would come first.
            await Task.yield()
            texts.append(message.text)
            if message.text == "20" { ann.post("heard", to: .lobby) }
          },
          onState: { states.append($0) },
          onOther: { answers.append($0) })
        return (texts, states, answers)
      }
      try await ann.connect()
      for number in 1...20 { bob.client.post("\(number)", to: .lobby) }
      #expect(try await bob.message().text == "heard")
      await ann.close()
      let (texts, states, answers) = await heard.value
      #expect(texts == (1...20).map(String.init))
      #expect(states == [.connecting, .ready(try ServerID("s1")), .closed])
      guard answers.count == 1, case .sendAccepted = answers[0] else {
        Issue.record("not the answer to one post: \(answers)")
        return
      }
    }
  }
}
