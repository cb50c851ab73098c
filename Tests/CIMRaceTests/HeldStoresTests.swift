import CIMCore
import CIMTestSupport
import NIOCore
import Testing

@Suite("Stores that a test holds", .timeLimit(.minutes(1)))
struct HeldStoresTests {
  private let held = HeldStores(.inMemory())
  private let ada = try! Account(id: UserID(1), name: UserName("ada"))

  private func say(_ text: String, in conversation: Conversation = .lobby) async throws -> AppendOutcome {
    try await held.stores.log.append(
      Append(
        conversation: conversation, sender: ada, idempotency: .none, content: ByteBuffer(string: text)))
  }

  @Test("A call held before the store has not happened until it is released")
  func before() async throws {
    let append = held.hold(.append, in: .lobby)
    let outcome = Task { try await say("held") }
    try await append.reached()
    #expect(try await held.inner.log.tail(of: .lobby) == nil)
    append.release()
    guard case .accepted(let entry, _, _) = try await outcome.value else {
      Issue.record("what was held was not appended")
      return
    }
    #expect(try await held.inner.log.tail(of: .lobby) == entry.position)
    #expect(held.count(.append) == 1)
  }

  @Test("A call held after the store has happened, and can fail all the same")
  func after() async throws {
    let append = held.hold(.append, .after)
    let outcome = Task { try await say("held") }
    try await append.reached()
    #expect(try await held.inner.log.tail(of: .lobby)?.seq == 1)
    append.fail()
    let error = await #expect(throws: StoreError.self) { try await outcome.value }
    #expect(error?.code == .unavailable)
  }

  @Test("Only the call that was named is held: by its number, its user, its conversation")
  func selection() async throws {
    let other = Conversation.direct(between: ada.id, and: UserID(2))
    held.fail(.append, in: other)
    held.fail(.append, in: .lobby, skipping: 1)
    held.fail(.sessions, of: UserID(2))
    _ = try await say("first")
    await #expect(throws: StoreError.self) { try await say("second") }
    await #expect(throws: StoreError.self) { try await say("other", in: other) }
    _ = try await say("third")
    _ = try await held.stores.sessions.sessions(of: [ada.id])
    await #expect(throws: StoreError.self) {
      try await held.stores.sessions.sessions(of: [UserID(2), ada.id])
    }
    #expect(held.count(.append) == 4)
    #expect(held.count(.append, in: other) == 1)
  }

  @Test("A held task that is cancelled fails as stores do; releasing all lets everything go on")
  func end() async throws {
    let append = held.hold(.append)
    let task = Task { try await say("cancelled") }
    try await append.reached()
    task.cancel()
    let error = await #expect(throws: StoreError.self) { try await task.value }
    #expect(error?.code == .cancelled)
    let next = held.hold(.append)
    let last = Task { try await say("released") }
    try await next.reached()
    held.releaseAll()
    _ = try await last.value
  }
}
