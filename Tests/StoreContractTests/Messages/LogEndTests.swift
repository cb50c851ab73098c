import CIMCore
import CIMRedis
import Redis
import TestSupport
import Testing

@Suite("The ends of logs")
struct LogEndTests {
  @Test(
    "An end tells the last entry, its time, and what users said last; the lobby's does not",
    arguments: StoreForm.all)
  func ends(form: StoreForm) async throws {
    try await form.withStores { stores in
      let (ada, bob) = (Account.ada.id, Account.bob.id)
      let first = try #require(try await stores.log.append(.saying("1", in: .adaAndBob, by: .bob)).entry)
      let second = try #require(try await stores.log.append(.saying("2", in: .adaAndBob, by: .ada)).entry)
      let third = try #require(try await stores.log.append(.saying("3", in: .adaAndBob, by: .ada)).entry)
      let lobby = try #require(try await stores.log.append(.saying("4")).entry)
      let ends = try await stores.log.ends(of: [
        .adaAndBob: [ada, bob, UserID(9)], .lobby: [ada], .adaAndCarol: [ada],
      ])
      #expect(ends.count == 2)
      #expect(
        ends[.adaAndBob]
          == LogEnd(
            position: third.position, loggedAt: third.loggedAt,
            lastOwn: [ada: third.position, bob: first.position]))
      #expect(ends[.lobby] == LogEnd(position: lobby.position, loggedAt: lobby.loggedAt))
      #expect(second.position < third.position)
      #expect(try await stores.log.ends(of: [.adaAndBob: []])[.adaAndBob]?.lastOwn == [:])
      #expect(try await stores.log.ends(of: [:]) == [:])
    }
  }

  @Test("Joining and leaving a group counts as said by the user", arguments: StoreForm.all)
  func membership(form: StoreForm) async throws {
    try await form.withStores { stores in
      let content = Append.saying("").content
      let created = try await stores.groups.create(GroupID("friends"), owner: .ada, content: content)
      let joined = try await stores.groups.join(GroupID("friends"), .bob, content: content)
      guard case .changed(let entry) = joined else {
        Issue.record("bob was in already")
        return
      }
      let end = try await stores.log.ends(of: [.friends: [Account.ada.id, Account.bob.id]])[.friends]
      #expect(
        end?.lastOwn == [Account.ada.id: try #require(created).position, Account.bob.id: entry.position])
    }
  }

  @Test("The last entries of former epochs are remembered, the latest ones")
  func epochsInMemory() async throws {
    let memory = InMemoryStores()
    let log = memory.stores.log
    var lasts: [LogPosition] = []
    for number in 1...LogEnd.rememberedEpochs + 3 {
      for _ in 1...number { lasts.append(try #require(try await log.append(.saying("x")).entry).position) }
      lasts.removeLast(number - 1)
      lasts[lasts.count - 1] = try #require(try await log.tail(of: .lobby))
      memory.failOver()
    }
    let end = try #require(try await log.ends(of: [.lobby: []])[.lobby])
    #expect(end.position == lasts.last)
    #expect(end.formerEpochs == lasts.dropLast().suffix(LogEnd.rememberedEpochs))
  }

  @Test("Redis remembers them, too")
  func epochsInRedis() async throws {
    try await RedisServer(options: ["enable-debug-command": "local"]).withClient { client in
      let log = Stores.redis(client).log
      var lasts: [LogPosition] = []
      for number in 1...LogEnd.rememberedEpochs + 3 {
        for _ in 0..<number % 3 { _ = try await log.append(.saying("x", in: .adaAndBob)) }
        lasts.append(try #require(try await log.append(.saying("x", in: .adaAndBob)).entry).position)
        _ = try await client.send(RedisCommand("DEBUG", "CHANGE-REPL-ID"))
      }
      let end = try #require(try await log.ends(of: [.adaAndBob: [Account.ada.id]])[.adaAndBob])
      #expect(end.position == lasts.last && end.lastOwn == [Account.ada.id: end.position])
      #expect(end.formerEpochs == lasts.dropLast().suffix(LogEnd.rememberedEpochs))
      #expect(Set(lasts.map(\.epoch)).count == lasts.count)
    }
  }
}
