import CIMCore
import Testing

@testable import CIMRoute

@Suite("Acknowledgements on their way")
struct AckTableTests {
  private let direct = Conversation.direct(between: UserID(1), and: UserID(2))

  private func at(_ seq: UInt64) -> LogPosition { LogPosition(epoch: 1, seq: seq) }

  private func device(_ user: UInt64) throws -> UserDevice {
    UserDevice(user: UserID(user), device: try DeviceID("d"))
  }

  @Test("Of each conversation the furthest place is kept, and past the bound new ones are dropped")
  func pending() throws {
    var pending = PendingCursors(capacity: 2)
    #expect(pending.add(CursorAdvance(try device(1), to: [direct: at(5), .lobby: at(1)])) == 0)
    #expect(pending.add(CursorAdvance(try device(1), to: [direct: at(3)])) == 0)
    #expect(pending.add(CursorAdvance(try device(2), to: [direct: at(3)])) == 1)
    #expect(pending.takeAll() == [CursorAdvance(try device(1), to: [direct: at(5), .lobby: at(1)])])
    #expect(pending.isEmpty)
    #expect(pending.add(CursorAdvance(try device(2), to: [direct: at(3)])) == 0)
  }

  @Test("Who waits is told when the receiver has that message, in the order of the messages, once")
  func waiters() {
    var waiters = DeliveryWaiters<Int>(capacity: 10)
    for seq in [2, 1, 3] as [UInt64] { waiters.add(Int(seq), for: UserID(2), direct, at: at(seq)) }
    #expect(waiters.reached(at(9), by: UserID(1), in: direct) == [])
    #expect(waiters.reached(at(9), by: UserID(2), in: .lobby) == [])
    #expect(waiters.reached(at(2), by: UserID(2), in: direct) == [1, 2])
    #expect(waiters.reached(at(2), by: UserID(2), in: direct) == [])
    #expect(waiters.count == 1)
  }

  @Test("Past the bound the oldest conversation's waiters are dropped, however many came and went before")
  func tooManyWaiters() {
    var waiters = DeliveryWaiters<UInt64>(capacity: 2)
    func conversation(_ user: UInt64) -> Conversation { .direct(between: UserID(1), and: UserID(user)) }
    for round in 1...20 as ClosedRange<UInt64> {
      waiters.add(round, for: UserID(1), conversation(3), at: at(round))
      #expect(waiters.reached(at(round), by: UserID(1), in: conversation(3)) == [round])
    }
    for user in 2...4 as ClosedRange<UInt64> {
      waiters.add(user, for: UserID(1), conversation(user), at: at(1))
    }
    #expect(waiters.count == 2)
    let told = (2...4).flatMap { waiters.reached(at(1), by: UserID(1), in: conversation($0)) }
    #expect(told.count == 2 && told.contains(4))
  }
}
