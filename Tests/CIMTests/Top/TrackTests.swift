import CIMProtos
import Testing

@testable import cim

@Suite("What two moments of a process tell")
struct TrackTests {
  private func work(_ now: Int64, sent: UInt64, started: Int64 = 0) -> CimV1.ServerWork {
    CimV1.ServerWork(startedAtMs: started, sent: sent, nowMs: now)
  }

  @Test("A rate takes two moments, and is by the second of the process's own clock")
  func rate() {
    var track = Track(work(1000, sent: 10))
    #expect(track.rate(\.sent) == nil)
    track.note(work(3000, sent: 30))
    #expect(track.rate(\.sent) == 10 && track.uptime == 3000)
  }

  @Test("A moment that is known, or older, leaves the rate as it was")
  func again() {
    var track = Track(work(1000, sent: 10))
    track.note(work(2000, sent: 30))
    for old in [work(2000, sent: 30), work(1500, sent: 20)] {
      track.note(old)
      #expect(track.rate(\.sent) == 20)
    }
  }

  @Test("After a restart counting begins anew")
  func restarted() {
    var track = Track(work(1000, sent: 1000))
    track.note(work(2000, sent: 2000))
    track.note(work(3000, sent: 5, started: 2500))
    #expect(track.rate(\.sent) == nil && track.uptime == 500)
    track.note(work(4000, sent: 7, started: 2500))
    #expect(track.rate(\.sent) == 2)
  }

  @Test("Percentiles are the bounds under which so much lies, and of what was counted last")
  func quantiles() {
    let latencies = CimV1.Latencies(boundsUs: [100, 200, 400], counts: [98, 1, 0, 1])
    #expect(latencies.quantile(0.5) == 100)
    #expect(latencies.quantile(0.98) == 100)
    #expect(latencies.quantile(0.99) == 200)
    #expect(latencies.quantile(1) == .infinity)
    #expect(CimV1.Latencies(boundsUs: [100], counts: [0, 0]).quantile(0.5) == nil)
    var track = Track(CimV1.GetRouteResponse(nowMs: 1, acceptance: latencies))
    #expect(track.latencies(\.acceptance) == latencies)
    let later = CimV1.Latencies(boundsUs: [100, 200, 400], counts: [98, 1, 7, 1])
    track.note(CimV1.GetRouteResponse(nowMs: 2, acceptance: later))
    #expect(track.latencies(\.acceptance)?.counts == [0, 0, 7, 0])
    #expect(track.latencies(\.acceptance)?.quantile(0.5) == 400)
  }
}
