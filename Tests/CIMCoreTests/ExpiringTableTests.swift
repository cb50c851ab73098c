import Testing

@testable import CIMCore

@Suite("Expiring table")
struct ExpiringTableTests {
  private func at(_ milliseconds: UInt64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

  @Test("An entry lives for its time after it was last set")
  func lifetime() {
    var table = ExpiringTable<String, Int>(lifetime: 100, capacity: 10)
    table.set(1, for: "a", at: at(0))
    table.set(2, for: "a", at: at(80))
    #expect(table.value(for: "a", at: at(180)) == 2)
    #expect(table.value(for: "a", at: at(181)) == nil)
  }

  @Test("Past the capacity the entry that was set longest ago makes room")
  func capacity() {
    var table = ExpiringTable<Int, Int>(lifetime: 1_000_000, capacity: 3)
    for key in 1...3 { table.set(key, for: key, at: at(UInt64(key))) }
    table.set(1, for: 1, at: at(4))
    table.set(4, for: 4, at: at(5))
    #expect((1...4).map { table.value(for: $0, at: at(6)) } == [1, nil, 3, 4])
  }

  @Test("Expired entries are let go of as others are set")
  func cleaning() {
    var table = ExpiringTable<Int, Int>(lifetime: 10, capacity: 1_000)
    for key in 1...100 { table.set(key, for: key, at: at(UInt64(key))) }
    table.set(0, for: 0, at: at(1_000))
    #expect(table.count == 1)
  }

  @Test("A clock that is set back keeps entries longer, and breaks nothing")
  func clockSetBack() {
    var table = ExpiringTable<Int, Int>(lifetime: 10, capacity: 2)
    table.set(1, for: 1, at: at(1_000))
    table.set(2, for: 2, at: at(500))
    #expect(table.value(for: 1, at: at(505)) == 1)
    table.set(3, for: 3, at: at(505))
    #expect(table.count == 2)
    #expect(table.value(for: 3, at: at(505)) == 3)
  }
}
