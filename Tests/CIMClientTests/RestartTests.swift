import CIMClient
import CIMCore
import CIMTestSupport
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("A client that comes back with what was stored", .timeLimit(.minutes(1)))
struct RestartTests {
  @Test("What was not answered goes again, in order and once, and events tell what became of it")
  func unsent() async throws {
    let registry = RelayedRegistry()
    let directory = try TemporaryDirectory()
    try await Cluster.run(servers: 2, configure: { $0.registry = registry }) { cluster in
      let bob = try await TestUser("bob", in: cluster)
      let storage = FileStorage(directory: directory.path)
      let tickets = try await self.leave(20, unansweredBy: "ann", storage, cluster, registry)

      let ann = try await TestUser("ann", in: cluster) { $0.storage = storage }
      #expect(ann.client.restored.map(\.ticket) == tickets)
      try await ann.client.send("that was all", to: .lobby)
      #expect(try await bob.texts(21) == (1...20).map(String.init) + ["that was all"])
      for ticket in tickets {
        let event = try await ann.next { if case .sendAccepted = $0 { true } else { false } }
        guard case .sendAccepted(ticket, _) = event else {
          Issue.record("not the answer to \(ticket): \(event)")
          return
        }
      }
      await ann.client.close()
      #expect(try storage.load().unsent == [])
    }
    await registry.stop()
  }

  /// Says the numbers from 1 over a connection that carries nothing, and leaves.
  private func leave(
    _ count: Int, unansweredBy name: String, _ storage: FileStorage, _ cluster: Cluster,
    _ registry: RelayedRegistry
  ) async throws -> [SendTicket] {
    let user = try await TestUser(name, in: cluster) { $0.storage = storage }
    let relay = try #require(try registry.relay(user.server))
    relay.setSilent(true)
    let tickets = (1...count).map { user.client.post("\($0)", to: .lobby) }
    await user.client.close(within: .zero)
    relay.cut()
    relay.setSilent(false)
    return tickets
  }

  @Test("It is the same device, and replaces itself where another would be refused")
  func device() async throws {
    try await Cluster.run(servers: 2) { cluster in
      let directory = try TemporaryDirectory()
      var devices: Set<DeviceID?> = []
      for _ in 1...2 {
        let ann = try await TestUser("ann", in: cluster) {
          $0.storage = FileStorage(directory: directory.path)
        }
        devices.insert(ann.client.info.device)
        await ann.client.close()
      }
      #expect(devices.count == 1)
    }
  }

  @Test("A storage that another client uses is an error that says so, and that other goes on")
  func inUse() async throws {
    try await Cluster.run { cluster in
      let directory = try TemporaryDirectory()
      let ann = try await TestUser("ann", in: cluster) { $0.storage = FileStorage(directory: directory.path) }
      let error = await #expect(throws: ClientError.self) {
        _ = try await TestUser("ben", in: cluster) { $0.storage = FileStorage(directory: directory.path) }
      }
      #expect(error?.code == .storage)
      #expect(error?.message.contains(directory.path) == true)
      try await ann.client.send("still here", to: .lobby)
    }
  }

  @Test("A storage that fails ends the client before anything is shown or sent that was not stored")
  func failing() async throws {
    try await Cluster.run { cluster in
      let ann = try await TestUser("ann", in: cluster)
      let storage = FailingStorage()
      let bob = try await TestUser("bob", in: cluster) { $0.storage = storage }
      storage.fail()
      try await ann.client.send("can you hear me?", to: .lobby)
      let events = await bob.client.events.reduce(into: []) { $0.append($1) }
      guard case .state(.failed(let error))? = events.last else {
        Issue.record("not failed: \(events)")
        return
      }
      #expect(error.code == .storage)
      #expect(error.message.contains("the disk is full"))
      #expect(!events.contains { if case .message = $0 { true } else { false } })
    }
  }

  @Test(
    "A message that was given to the application was stored before; one that waits for it is not, and stops nothing else"
  )
  func onDemand() async throws {
    try await Cluster.run { cluster in
      let ann = try await TestUser("ann", in: cluster)
      let directory = try TemporaryDirectory()
      let bob = try await TestUser("bob", in: cluster) { $0.storage = FileStorage(directory: directory.path) }
      for number in 1...30 { try await ann.client.send("\(number)", to: .lobby) }
      for number in 1...10 {
        #expect(try await bob.message().text == "\(number)")
        let journal = try String(contentsOfFile: "\(directory.path)/journal", encoding: .utf8)
        #expect(journal.contains("cursor lobby ") && journal.hasSuffix("-\(number)\n"), "\(journal)")
      }
      // The answer comes past 20 messages that wait.
      try await bob.client.send("me, too", to: .lobby)
      #expect(try await bob.texts(20) == (11...30).map(String.init))
    }
  }

  @Test("A storage that keeps messages gets each with its place, in one step, before the event")
  func custom() async throws {
    try await Cluster.run { cluster in
      let ann = try await TestUser("ann", in: cluster)
      let storage = Database()
      let bob = try await TestUser("bob", in: cluster) { $0.storage = storage }
      for number in 1...20 { try await ann.client.send("\(number)", to: .lobby) }
      for number in 1...20 {
        let message = try await bob.message()
        #expect(storage.texts.contains(message.text))
        #expect(message.text == "\(number)")
      }
      #expect(storage.texts == (1...20).map(String.init))
    }
  }

  @Test(
    "An application that takes nothing stops the service from sending, not itself from living; nothing is lost"
  )
  func slowApplication() async throws {
    try await Cluster.run { cluster in
      let ann = try await TestUser("ann", in: cluster)
      let bob = try await TestUser("bob", in: cluster) {
        $0.limits.unreadMessages = 10
        $0.heartbeat = .init(pingInterval: .milliseconds(100), idleTimeout: .milliseconds(1000))
      }
      for number in 1...100 { try await ann.client.send("\(number)", to: .lobby) }
      // Longer than it takes to count as dead: this is about time that passes.
      try await Task.sleep(for: .milliseconds(1500))
      #expect(try await bob.texts(100) == (1...100).map(String.init))
      #expect(bob.client.info.counters.reconnects == 0)
    }
  }
}

/// Stores nothing more once it is told to.
private final class FailingStorage: ClientStorage {
  struct DiskFull: Error, CustomStringConvertible {
    let description = "the disk is full"
  }

  private let memory = InMemoryStorage()
  private let isFailing = Atomic(false)

  var keepsMessages: Bool { true }

  func fail() { self.isFailing.store(true, ordering: .relaxed) }

  func load() -> ClientRecord { self.memory.load() }

  func save(_ changes: [ClientChange]) throws {
    guard !self.isFailing.load(ordering: .relaxed) else { throw DiskFull() }
    self.memory.save(changes)
  }

  func synchronize() {}

  func close() {}
}

/// An application's own: its messages and the client's record change together.
private final class Database: ClientStorage {
  private struct State {
    var record = ClientRecord()
    var texts: [String] = []
  }

  private let state = Mutex(State())

  var keepsMessages: Bool { true }

  var texts: [String] { self.state.withLock { $0.texts } }

  func load() -> ClientRecord { self.state.withLock { $0.record } }

  func save(_ changes: [ClientChange]) {
    self.state.withLock { state in
      for change in changes {
        if case .message(let message) = change { state.texts.append(message.text) }
        state.record.apply(change)
      }
    }
  }

  func synchronize() {}

  func close() {}
}
