import CIMCore
import Synchronization
import Testing

@testable import CIMClient

@Suite(.timeLimit(.minutes(1))) struct EventQueueTests {
  private func message(_ number: UInt64) throws -> ChatClient.Event {
    .message(
      ChatMessage(
        conversation: .lobby, position: LogPosition(epoch: 1, seq: number),
        sender: Account(id: UserID(1), name: try UserName("ann")), loggedAt: Timestamp(milliseconds: 0),
        text: "")
    )
  }

  @Test(
    "There is room for as many received events as the limit says, and it is told when there is room again")
  func limited() async throws {
    let told = Mutex(0)
    let queue = EventQueue(limit: 2) { told.withLock { $0 += 1 } }
    #expect(queue.room == 2)
    queue.append(try self.message(1))
    queue.append(.state(.connecting))
    queue.append(try self.message(2))
    #expect(queue.room == 0)
    #expect(await queue.next() == (try self.message(1)))
    #expect(queue.room == 1)
    #expect(told.withLock(\.self) == 1)
    #expect(await queue.next() == .state(.connecting))
    #expect(await queue.next() == (try self.message(2)))
    #expect(told.withLock(\.self) == 1, "there was room already")
  }

  @Test("With a limit of none there is room for one event while somebody waits for it")
  func onDemand() async throws {
    let (waiting, someoneWaits) = AsyncStream.makeStream(of: Void.self)
    let queue = EventQueue(limit: 0) { someoneWaits.yield() }
    #expect(queue.room == 0)
    for number in 1...3 as ClosedRange<UInt64> {
      async let taken = queue.next()
      _ = await waiting.first { true }
      #expect(queue.room == 1)
      queue.append(try self.message(number))
      #expect(queue.room == 0)
      #expect(await taken == (try self.message(number)))
    }
  }

  @Test("A wait that is cancelled takes nothing away")
  func cancelled() async throws {
    let queue = EventQueue(limit: 1) {}
    let waiting = Task { await queue.next() }
    waiting.cancel()
    #expect(await waiting.value == nil)
    queue.append(try self.message(1))
    #expect(await queue.next() == (try self.message(1)))
    queue.finish()
    #expect(await queue.next() == nil)
  }
}
