import CIMClient
import CIMCore
import CIMTestSupport
import TestSupport
import Testing

@Suite("What a client asks routes", .timeLimit(.minutes(1)))
struct CallTests {
  @Test("A group is made, joined, talked in, listed and left")
  func groups() async throws {
    try await Cluster.run(servers: 2) { cluster in
      let ann = try await TestUser("ann", in: cluster)
      let bob = try await TestUser("bob", in: cluster)
      let cats = try GroupID("cats")
      try await ann.client.createGroup(cats)
      let joined = try await bob.client.joinGroup(cats)
      let again = try await bob.client.joinGroup(cats)
      #expect(joined && !again)
      #expect(try await bob.client.groups() == [cats])
      #expect(try await ann.client.members(of: cats).map(\.name.rawValue) == ["ann", "bob"])
      try await ann.client.send("meow", to: .conversation(.group(cats)))
      let message = try await bob.message()
      #expect(message.text == "meow" && message.conversation == .group(cats))
      let left = try await bob.client.leaveGroup(cats)
      let leftAgain = try await bob.client.leaveGroup(cats)
      #expect(left && !leftAgain)
      #expect(try await bob.client.groups() == [])
    }
  }

  @Test("Errors say what is wrong by their code")
  func errors() async throws {
    try await Cluster.run { cluster in
      let ann = try await TestUser("ann", in: cluster)
      let bob = try await TestUser("bob", in: cluster)
      let (cats, dogs) = (try GroupID("cats"), try GroupID("dogs"))
      try await ann.client.createGroup(cats)
      let other = Conversation.direct(between: UserID(77), and: UserID(78))
      let codes = [
        await Self.code { try await ann.client.createGroup(cats) },
        await Self.code { try await ann.client.joinGroup(dogs) },
        await Self.code { try await ann.client.leaveGroup(dogs) },
        await Self.code { try await bob.client.members(of: cats) },
        await Self.code { try await bob.client.history(of: .group(cats)) },
        await Self.code { try await bob.client.history(of: other) },
        await Self.code { try await bob.client.user(UserID(999)) },
        await Self.code { try await bob.client.user(named: try UserName("nobody")) },
      ]
      #expect(
        codes == [.alreadyExists, .notFound, .notFound, .notFound, .denied, .denied, .notFound, .notFound])
    }
  }

  @Test("History is read page by page, from the end to the beginning")
  func history() async throws {
    try await Cluster.run { cluster in
      let ann = try await TestUser("ann", in: cluster)
      for number in 1...5 { try await ann.client.send("\(number)", to: .lobby) }
      var pages: [[String]] = []
      var before: LogPosition?
      repeat {
        let page = try await ann.client.history(of: .lobby, before: before, limit: 2)
        pages.append(page.entries.map { if case .message(let message) = $0 { message.text } else { "" } })
        before = page.older
      } while before != nil && pages.count < 9
      #expect(pages == [["4", "5"], ["2", "3"], ["1"]])

      pages = []
      var after: LogPosition? = .beginning
      while let place = after, pages.count < 9 {
        let page = try await ann.client.history(of: .lobby, after: place, limit: 2)
        pages.append(page.entries.map { if case .message(let message) = $0 { message.text } else { "" } })
        after = page.newer
      }
      #expect(pages == [["1", "2"], ["3", "4"], ["5"]])
    }
  }

  @Test("Users are found by id and by name, and so many of those online are listed as are wanted")
  func users() async throws {
    try await Cluster.run { cluster in
      let ann = try await TestUser("ann", in: cluster)
      let bob = try await TestUser("bob", in: cluster)
      let account = try #require(bob.client.info.account)
      #expect(try await ann.client.user(account.id) == account)
      #expect(try await ann.client.user(named: account.name) == account)
      #expect(try await ann.client.onlineUsers().count == 2)
      #expect(try await ann.client.onlineUsers(limit: 1).count == 1)
    }
  }

  @Test("What was missed was logged before the connection was opened, what comes now was not")
  func connectedAt() async throws {
    try await Cluster.run { cluster in
      let ann = try await TestUser("ann", in: cluster)
      let storage = InMemoryStorage()
      let first = try await TestUser("bob", in: cluster) { $0.storage = storage }
      let bob = try first.id
      await first.client.close()
      try await ann.client.send("you are away", to: .user(bob))
      let second = try await TestUser("bob", in: cluster) { $0.storage = storage }
      let connectedAt = try #require(second.client.info.connectedAt)
      #expect(try await second.message().loggedAt <= connectedAt)
      try await ann.client.send("you are here", to: .user(bob))
      #expect(try await second.message().loggedAt >= connectedAt)
    }
  }

  private static func code(of call: () async throws -> some Sendable) async -> ClientError.Code? {
    do {
      _ = try await call()
      return nil
    } catch {
      return (error as? ClientError)?.code
    }
  }
}
