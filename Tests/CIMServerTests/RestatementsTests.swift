import Testing

@testable import CIMServer

@Suite("Stating sessions again")
struct RestatementsTests {
  @Test("A bounded number is under way, and each waits once")
  func bound() {
    var restatements = Restatements(maxInFlight: 2)
    for session in [1, 2, 3, 1] as [UInt64] { restatements.add(session) }
    let begun = [restatements.next(), restatements.next(), restatements.next()]
    #expect(begun == [1, 2, nil])
    let wasUnderWay = restatements.ended(1)
    let rest = [restatements.next(), restatements.next()]
    #expect(wasUnderWay && rest == [3, nil])
  }

  @Test("One that is under way when it is wanted anew is stated once more")
  func again() {
    var restatements = Restatements(maxInFlight: 2)
    restatements.add(1)
    _ = restatements.next()
    restatements.add(1)
    let early = restatements.next()
    _ = restatements.ended(1)
    let late = restatements.next()
    #expect(early == nil && late == 1)
  }

  @Test("One that could not be stated waits until it is told to try")
  func postponed() {
    var restatements = Restatements(maxInFlight: 1)
    restatements.add(1)
    _ = restatements.next()
    restatements.postpone(1)
    let early = restatements.next()
    restatements.retry()
    let late = restatements.next()
    #expect(early == nil && late == 1)
  }
}
