import CIMProtos
import Testing

@testable import CIMServer

@Suite("The interest ledger")
struct InterestLedgerTests {
  private let one = LinkID(rawValue: 1)
  private let two = LinkID(rawValue: 2)

  @Test("Only the first member and the last one's leaving are told")
  func changes() {
    var ledger = InterestLedger<Int>()
    let first = ledger.join(["lobby"])
    #expect(first?.added == ["lobby"])
    #expect(ledger.join(["lobby"]) == nil)
    #expect(ledger.leave(["lobby"]) == nil)
    let last = ledger.leave(["lobby"])
    #expect(last?.removed == ["lobby"])
    #expect((last?.version ?? 0) > (first?.version ?? 0))
    #expect(ledger.leave(["lobby"]) == nil)
  }

  @Test("A new link is told everything")
  func newLink() {
    var ledger = InterestLedger<Int>()
    _ = ledger.join(["lobby"])
    _ = ledger.join(["g:a"])
    #expect(ledger.linkUp(one).added == ["g:a", "lobby"])
  }

  @Test("Without links nobody has to wait")
  func noLinks() {
    var ledger = InterestLedger<Int>()
    _ = ledger.join(["lobby"])
    #expect(ledger.wait(7, for: ["lobby"]) == true)
  }

  @Test("A session waits until every link has acknowledged its conversation")
  func acknowledged() {
    var ledger = InterestLedger<Int>()
    _ = ledger.linkUp(one)
    _ = ledger.linkUp(two)
    let version = ledger.join(["lobby"])?.version ?? 0
    #expect(ledger.wait(7, for: ["lobby"]) == false)
    #expect(ledger.acknowledge(version - 1, by: one) == [])
    #expect(ledger.acknowledge(version, by: one) == [])
    #expect(ledger.acknowledge(version, by: two) == [7])
    #expect(ledger.wait(8, for: ["lobby"]) == true)
  }

  @Test("A link that goes down is not waited for")
  func linkDown() {
    var ledger = InterestLedger<Int>()
    _ = ledger.linkUp(one)
    _ = ledger.linkUp(two)
    let version = ledger.join(["lobby"])?.version ?? 0
    _ = ledger.wait(7, for: ["lobby"])
    _ = ledger.acknowledge(version, by: one)
    #expect(ledger.linkDown(two) == [7])
    #expect(ledger.acknowledge(version, by: two) == [])
  }

  @Test("A later change is not waited for by those who came before")
  func laterChange() {
    var ledger = InterestLedger<Int>()
    _ = ledger.linkUp(one)
    let first = ledger.join(["lobby"])?.version ?? 0
    _ = ledger.wait(7, for: ["lobby"])
    let second = ledger.join(["g:a"])?.version ?? 0
    _ = ledger.wait(8, for: ["g:a"])
    #expect(ledger.acknowledge(first, by: one) == [7])
    #expect(ledger.acknowledge(second, by: one) == [8])
  }
}
