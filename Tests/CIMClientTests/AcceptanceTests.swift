import CIMClient
import CIMCore
import CIMTestSupport
import TestSupport
import Testing

/// What CIM's own tests ask of a chat, and what nobody asked of it.
@Suite("What any chat must do", .timeLimit(.minutes(1)))
struct AcceptanceTests {
  @Test("Two people talk in a group, and what applications add travels along")
  func group() async throws {
    try await Cluster.run(servers: 2) { cluster in
      let ann = try await TestUser("ann", in: cluster)
      let bob = try await TestUser("bob", in: cluster)
      let team = try GroupID("team")
      try await ann.client.createGroup(team)
      try await bob.client.joinGroup(team)
      for (speaker, hearer) in [(ann, bob), (bob, ann)] {
        try await speaker.client.send("hi", to: .conversation(.group(team)), properties: ["from": "a test"])
        let message = try await hearer.message()
        #expect(message.text == "hi" && message.properties == ["from": "a test"])
        #expect(message.conversation == .group(team))
      }
    }
  }

  @Test("Of three, only the one it is for gets a private message; what is posted together comes in order")
  func three() async throws {
    try await Cluster.run(servers: 2) { cluster in
      let ann = try await TestUser("ann", in: cluster)
      let bob = try await TestUser("bob", in: cluster)
      let cas = try await TestUser("cas", in: cluster)
      for number in 1...50 { ann.client.post("\(number)", to: .user(try bob.id)) }
      #expect(try await bob.texts(50) == (1...50).map(String.init))
      try await bob.client.send("to all", to: .lobby)
      #expect(try await cas.texts(1) == ["to all"])
    }
  }

  @Test("A client leaves, returns, and chats on")
  func returns() async throws {
    try await Cluster.run(servers: 2) { cluster in
      let ann = try await TestUser("ann", in: cluster)
      for _ in 1...3 {
        let bob = try await TestUser("bob", in: cluster)
        try await bob.client.send("here", to: .user(try ann.id))
        #expect(try await ann.message().text == "here")
        await bob.client.close()
        try await eventually("bob is offline") { try await ann.client.onlineUsers().count == 1 }
      }
    }
  }

  @Test("Closing is clean for a client that never connected")
  func neverConnected() async throws {
    try await Cluster.run { cluster in
      let client = ChatClient(.test(.name(try UserName("ann")), cluster.endpoints))
      await client.close()
      #expect(client.info.state == .closed)
      var events: [ChatClient.Event] = []
      for await event in client.events { events.append(event) }
      #expect(events == [.state(.closed)])
      await #expect(throws: ClientError.self) { try await client.connect() }
      let bob = try await TestUser("bob", in: cluster)
      #expect(try await bob.client.onlineUsers().map(\.name.rawValue) == ["bob"])
    }
  }

  @Test(
    "Members who leave while others speak stop nothing: those who stay get all, and those who left nothing more"
  )
  func leaving() async throws {
    try await Cluster.run(servers: 2, routes: 2) { cluster in
      let team = try GroupID("team")
      let ann = try await TestUser("ann", in: cluster)
      try await ann.client.createGroup(team)
      let stays = try await TestUser("stays", in: cluster)
      try await stays.client.joinGroup(team)
      var leavers: [TestUser] = []
      for number in 1...6 {
        let leaver = try await TestUser("leaver-\(number)", in: cluster)
        try await leaver.client.joinGroup(team)
        leavers.append(leaver)
      }
      try await withThrowingTaskGroup { group in
        group.addTask {
          for number in 1...200 { try await ann.client.send("\(number)", to: .conversation(.group(team))) }
        }
        for leaver in leavers { group.addTask { try await leaver.client.leaveGroup(team) } }
        try await group.waitForAll()
      }
      #expect(try await stays.texts(200) == (1...200).map(String.init))
      try await ann.client.send("after all have left", to: .conversation(.group(team)))
      try await ann.client.send("to all", to: .lobby)
      for leaver in leavers {
        var texts: [String] = []
        while texts.last != "to all" { texts.append(try await leaver.message().text) }
        let heard = texts.dropLast()
        #expect(heard.elementsEqual((1...200).map(String.init).prefix(heard.count)), "\(heard)")
      }
    }
  }
}
