import CIMClient
import CIMCore
import CIMRoute
import CIMTestSupport
import Logging
import TestSupport
import Testing
import NgRPC

@Suite("A client of running routes and servers", .timeLimit(.minutes(1)))
struct ChatClientTests {
  @Test("What one says in the lobby, the others hear once, in order, and not the speaker")
  func lobby() async throws {
    try await Cluster.run(servers: 2) { cluster in
      let ann = try await TestUser("ann", in: cluster)
      let bob = try await TestUser("bob", in: cluster)
      #expect(try ann.server != (try bob.server))
      for number in 1...100 { try await ann.client.send("\(number)", to: .lobby) }
      #expect(try await bob.texts(100) == (1...100).map(String.init))
      try await bob.client.send("done", to: .lobby)
      let first = try await ann.message()
      #expect(first.text == "done")
      #expect(first.sender.name.rawValue == "bob")
      #expect(first.position.seq == 101)
    }
  }

  @Test("A private message reaches its receiver; its properties travel with it")
  func direct() async throws {
    try await Cluster.run(servers: 2) { cluster in
      let ann = try await TestUser("ann", in: cluster)
      let bob = try await TestUser("bob", in: cluster)
      let accepted = try await ann.client.send("psst", to: .user(try bob.id), properties: ["lang": "en"])
      let message = try await bob.message()
      #expect(message.text == "psst")
      #expect(message.properties == ["lang": "en"])
      #expect(message.conversation == .direct(between: try ann.id, and: try bob.id))
      #expect(message.position == accepted.position)
      try await bob.client.send("yes?", to: .conversation(message.conversation))
      #expect(try await ann.message().text == "yes?")
    }
  }

  @Test("A message to nobody is refused by name, awaited or not, and the next one goes through")
  func refused() async throws {
    try await Cluster.run { cluster in
      let ann = try await TestUser("ann", in: cluster)
      let error = await #expect(throws: SendError.self) {
        try await ann.client.send("anybody?", to: .user(UserID(999)))
      }
      #expect(error?.code == .unknownUser)
      let ticket = ann.client.post("anybody?", to: .user(UserID(999)))
      let event = try await ann.next { if case .sendRefused = $0 { true } else { false } }
      guard case .sendRefused(ticket, let refusal) = event else {
        Issue.record("not the refusal of this message: \(event)")
        return
      }
      #expect(refusal.code == .unknownUser)
      try await ann.client.send("well, then", to: .lobby)
    }
  }

  @Test("A fire-and-forget message's answer is an event")
  func post() async throws {
    try await Cluster.run { cluster in
      let ann = try await TestUser("ann", in: cluster)
      let tickets = (1...3).map { ann.client.post("\($0)", to: .lobby) }
      for (index, ticket) in tickets.enumerated() {
        let event = try await ann.next { if case .sendAccepted = $0 { true } else { false } }
        guard case .sendAccepted(ticket, let accepted) = event else {
          Issue.record("not the answer to message \(index + 1): \(event)")
          return
        }
        #expect(accepted.position.seq == UInt64(index + 1))
      }
    }
  }

  @Test("A name that is another account's is refused, and the client gives up")
  func wrongName() async throws {
    try await Cluster.run { cluster in
      let ann = try await TestUser("ann", in: cluster)
      let impostor = ChatClient(
        .test(.account(Account(id: try ann.id, name: try UserName("eve"))), cluster.endpoints))
      let error = await #expect(throws: ClientError.self) { try await impostor.connect() }
      #expect(error?.code == .wrongName)
      let events = await impostor.events.reduce(into: []) { $0.append($1) }
      #expect(events.last.map { if case .state(.failed) = $0 { true } else { false } } == true)
      await #expect(throws: SendError.self) { try await impostor.send("hello?", to: .lobby) }
    }
  }

  @Test("Who closes is offline, and nothing follows the last event")
  func close() async throws {
    try await Cluster.run { cluster in
      let ann = try await TestUser("ann", in: cluster)
      let bob = try await TestUser("bob", in: cluster)
      #expect(try await ann.client.onlineUsers().map(\.name.rawValue) == ["ann", "bob"])
      await bob.client.close()
      try await eventually("only ann is online") { try await ann.client.onlineUsers().count == 1 }
      let last = try await bob.next { if case .state(let state) = $0 { state.isFinal } else { false } }
      #expect(last == .state(.closed))
      #expect(await bob.client.events.makeAsyncIterator().next() == nil)
      await bob.client.close()
    }
  }

  @Test("Closing waits for the answers to what was sent")
  func closeAnswers() async throws {
    try await Cluster.run { cluster in
      let ann = try await TestUser("ann", in: cluster)
      let bob = try await TestUser("bob", in: cluster)
      for number in 1...50 { bob.client.post("\(number)", to: .lobby) }
      await bob.client.close()
      #expect(bob.client.info.unanswered == 0)
      #expect(try await ann.texts(50) == (1...50).map(String.init))
    }
  }

  @Test(
    "Another device of the same kind takes the place: the older is told and stays away, other kinds stay")
  func replacedByDevice() async throws {
    try await Cluster.run(servers: 2) {
      $0.route = { $0.loginPolicy = .onePerKind }
    } _: { cluster in
      let mobile = try DeviceKind("mobile")
      let phone = try await TestUser("ann", in: cluster) { $0.deviceKind = mobile }
      let laptop = try await TestUser("ann", in: cluster)
      let tablet = try await TestUser("ann", in: cluster) { $0.deviceKind = mobile }
      let event = try await phone.next { if case .kicked = $0 { true } else { false } }
      guard case .kicked(.replacedByDevice, _) = event else {
        Issue.record("kicked for another reason: \(event)")
        return
      }
      let end = try await phone.next { if case .state(let state) = $0 { state.isFinal } else { false } }
      guard case .state(.failed(let error)) = end else {
        Issue.record("not failed: \(end)")
        return
      }
      #expect(error.code == .kicked)
      try await tablet.client.send("from the tablet", to: .lobby)
      #expect(try await laptop.texts(1) == ["from the tablet"])
    }
  }

  @Test("The same device again replaces itself: the first is told, and does not fight back")
  func replaced() async throws {
    try await Cluster.run(servers: 2) { cluster in
      let first = try await TestUser("ann", device: "phone", in: cluster)
      let second = try await TestUser("ann", device: "phone", in: cluster)
      let event = try await first.next { if case .kicked = $0 { true } else { false } }
      guard case .kicked(.replaced, _) = event else {
        Issue.record("kicked for another reason: \(event)")
        return
      }
      let end = try await first.next { if case .state(let state) = $0 { state.isFinal } else { false } }
      guard case .state(.failed(let error)) = end else {
        Issue.record("not failed: \(end)")
        return
      }
      #expect(error.code == .kicked)
      try await second.client.send("me again", to: .lobby)
    }
  }

  @Test("A route that is not there, or says nothing, is passed over for another")
  func routes() async throws {
    let relay = Relay()
    try await Cluster.run { cluster in
      let silent = try await relay.start(to: cluster.endpoints[0].port)
      relay.setSilent(true)
      let dead = Endpoint(host: "127.0.0.1", port: try freePort())
      for endpoints in [[dead], [Endpoint(host: "127.0.0.1", port: silent)]] {
        let name = Identity.name(try UserName("ann"))
        var configuration = ChatClient.Configuration.test(name, endpoints + cluster.endpoints)
        configuration.timeouts.login = .milliseconds(500)
        let client = ChatClient(configuration)
        try await client.connect()
        await client.close()
      }
      await relay.stop()
    }
  }

  @Test("Waiting for a connection can be cancelled")
  func cancelled() async throws {
    let dead = Endpoint(host: "127.0.0.1", port: try freePort())
    let client = ChatClient(.test(.name(try UserName("ann")), [dead]))
    let connecting = Task { try await client.connect() }
    connecting.cancel()
    await #expect(throws: CancellationError.self) { try await connecting.value }
    await client.close()
    #expect(client.info.state == .closed)
  }

  private typealias Identity = ChatClient.Identity
}
