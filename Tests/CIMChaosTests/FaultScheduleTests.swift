import CIMChaos
import Testing

@Suite struct FaultScheduleTests {
  @Test func `a seed gives one schedule, another seed another`() {
    let one = FaultSchedule(seed: 7, count: 40, span: 100_000)
    #expect(one == FaultSchedule(seed: 7, count: 40, span: 100_000))
    #expect(one.faults != FaultSchedule(seed: 8, count: 40, span: 100_000).faults)
  }

  @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
  func `every kind comes before any comes again, in order of time`(seed: UInt64) {
    let faults = FaultSchedule(seed: seed, count: 40, span: 100_000).faults
    #expect(Set(faults.prefix(FaultKind.allCases.count).map(\.kind)).count == FaultKind.allCases.count)
    #expect(faults.map(\.time) == faults.map(\.time).sorted())
    #expect(faults.allSatisfy { (0..<100_000).contains($0.time) })
  }

  @Test func `the first pause of a process is past every time-out`() {
    let faults = FaultSchedule(seed: 1, count: 40, span: 100_000).faults
    for kind in [FaultKind.pauseServer, .pauseRoute] {
      #expect(faults.first { $0.kind == kind }.map { $0.duration > 10_000 } == true)
    }
  }
}
