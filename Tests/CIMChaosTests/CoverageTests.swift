import CIMChaos
import Testing

@Suite struct CoverageTests {
  private static let log = """
    2026-11-23T19:41:24+0000 notice cim.route: accepted=1 deduplicated=0 [cim] statistics
    2026-11-23T19:41:25+0000 info cim.route: server=s1 [CIMRoute] linked
    2026-11-23T19:41:25+0000 notice cim.route: accepted=12 deduplicated=3 [cim] statistics
    2026-11-23T19:41:26+0000 info cim.route: accepted=99 [CIMRoute] something else

    """

  @Test func `a process's last counters are taken from its log`() {
    #expect(StatisticsLog.last(in: Self.log) == ["accepted": 12, "deduplicated": 3])
    #expect(StatisticsLog.last(in: "") == [:])
  }

  @Test func `counters of all processes are summed, and what never happened is named`() {
    var coverage = Coverage()
    for _ in 1...2 { coverage.add(StatisticsLog.last(in: Self.log)) }
    #expect(coverage.totals["accepted"] == 24)
    #expect(!coverage.missing.contains("sends answered from dedupe"))
    #expect(coverage.missing.contains("holes filled"))
    for need in Coverage.needs { for counter in need.counters { coverage.add([counter: 1]) } }
    #expect(coverage.missing.count == FaultKind.allCases.count)
    for kind in FaultKind.allCases { coverage.add(kind) }
    #expect(coverage.missing == [])
  }

  @Test func `percentiles are of the nearest rank`() {
    let values = Percentiles((1...100).map { UInt64($0) })
    #expect(values[50] == 50)
    #expect(values[99] == 99)
    #expect(values[100] == 100)
    #expect(Percentiles([])[99] == 0)
  }
}
