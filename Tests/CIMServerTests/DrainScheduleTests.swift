import CIMProtos
import NIOCore
import Testing

@testable import CIMServer

@Suite("Asking clients to leave")
struct DrainScheduleTests {
  private let start = NIODeadline.uptimeNanoseconds(0)
  private let servers = [CimV1.ServerEndpoint(id: "a"), CimV1.ServerEndpoint(id: "b")]

  private func schedule(servers: [CimV1.ServerEndpoint]) -> DrainSchedule {
    DrainSchedule(
      DrainSchedule.Plan(start: start, spread: .seconds(10), end: start + .seconds(20), servers: servers),
      sessions: 1...100, offset: 0)
  }

  @Test("Clients are told one after the other, over the whole time, each how long it has")
  func spread() {
    var schedule = schedule(servers: servers)
    var told = 0
    for second in 0...10 as ClosedRange<Int64> {
      let drains = schedule.next(at: start + .seconds(second))
      told += drains.count
      #expect(drains.count <= 11)
      #expect(drains.allSatisfy { $0.drain.withinMs == UInt32(20 - second) * 1000 })
      #expect(told >= Int(second) * 10)
    }
    #expect(told == 100)
    #expect(schedule.isOver)
  }

  @Test("Other servers are suggested in turn, and none when there is none")
  func suggestions() {
    var schedule = schedule(servers: servers)
    let suggested = schedule.next(at: start + .seconds(10)).map(\.drain.server?.id)
    #expect(suggested.filter { $0 == "a" }.count == 50)
    #expect(suggested.filter { $0 == "b" }.count == 50)
    var alone = self.schedule(servers: [])
    #expect(alone.next(at: start + .seconds(10)).allSatisfy { $0.drain.server == nil })
  }
}
