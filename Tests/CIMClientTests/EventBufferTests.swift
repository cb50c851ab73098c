import CIMCore
import Testing

@testable import CIMClient

@Suite struct EventBufferTests {
  private func message(_ number: UInt64) throws -> ChatClient.Event {
    .message(
      ChatMessage(
        conversation: .lobby, position: LogPosition(epoch: 1, seq: number),
        sender: Account(id: UserID(1), name: try UserName("ann")), loggedAt: Timestamp(milliseconds: 0),
        text: "")
    )
  }

  @Test("What does not fit is counted, and reported where it is missing")
  func missed() throws {
    var buffer = EventBuffer(limit: 2)
    for number in 1...4 { buffer.append(try self.message(UInt64(number))) }
    let first = buffer.popFirst()
    buffer.append(try self.message(5))
    #expect(first == (try self.message(1)))
    let rest = buffer.popAll()
    #expect(rest == [try self.message(2), .missed(2), try self.message(5)])
  }

  @Test("What was dropped last is reported although nothing follows")
  func missedAtTheEnd() throws {
    var buffer = EventBuffer(limit: 1)
    for number in 1...3 { buffer.append(try self.message(UInt64(number))) }
    let events = buffer.popAll()
    #expect(events == [try self.message(1), .missed(2)])
  }

  @Test("Events that are no messages are never dropped")
  func states() throws {
    var buffer = EventBuffer(limit: 1)
    buffer.append(try self.message(1))
    buffer.append(try self.message(2))
    buffer.append(.state(.closed))
    let events = buffer.popAll()
    #expect(events == [try self.message(1), .missed(1), .state(.closed)])
  }
}

extension EventBuffer {
  fileprivate mutating func popAll() -> [ChatClient.Event] {
    var events: [ChatClient.Event] = []
    while let event = self.popFirst() { events.append(event) }
    return events
  }
}
