import CIMCore
import Testing

@Suite("Log position")
struct LogPositionTests {
  @Test("A later epoch comes after every earlier one, whatever the numbers")
  func order() {
    let sorted = [(1, 5), (1, 6), (2, 1), (10, 1)].map { LogPosition(epoch: $0.0, seq: $0.1) }
    #expect(sorted.reversed().sorted() == sorted)
  }

  @Test("A position prints as it is parsed")
  func roundTrip() {
    let position = LogPosition(epoch: .max, seq: 7)
    #expect(LogPosition(position.description) == position)
    for text in ["", "1", "1-", "-1", "1-2-3", "01-1", "1-+2", "a-1"] { #expect(LogPosition(text) == nil) }
  }
}
