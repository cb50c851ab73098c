import CIMCore
import Testing

@testable import cim

@Suite struct WallClockTests {
  private func clock(now: UInt64, secondsEast: Int64 = 0) -> WallClock {
    WallClock(now: { Timestamp(milliseconds: now) }, secondsEast: { _ in secondsEast })
  }

  @Test(
    "Moments are dates and times of the calendar",
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"),
      (951_782_399_999, "2000-02-28T23:59:59.999Z"),
      (951_782_400_000, "2000-02-29T00:00:00.000Z"),
      (1_795_436_584_567, "2026-11-23T12:23:04.567Z"),
      (1_798_761_600_000, "2027-01-01T00:00:00.000Z"),
      (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
    ])
  func calendar(milliseconds: UInt64, text: String) {
    #expect(WallClock.text(Timestamp(milliseconds: milliseconds)) == text)
  }

  @Test("The day is shown when it is another than today's, as the local time has it")
  func stamps() {
    let now: UInt64 = 1_795_436_584_567
    #expect(self.clock(now: now).stamp(Timestamp(milliseconds: now)) == "12:23:04")
    let yesterday = Timestamp(milliseconds: now - 13 * 3_600_000)
    #expect(self.clock(now: now).stamp(yesterday) == "2026-11-22 23:23:04")
    #expect(self.clock(now: now, secondsEast: 3600).stamp(yesterday) == "00:23:04")
    let west = self.clock(now: now, secondsEast: -13 * 3600)
    #expect(west.stamp(Timestamp(milliseconds: now)) == "23:23:04")
    #expect(west.date(Timestamp(milliseconds: now)) == "2026-11-22")
    #expect(west.date(Timestamp(milliseconds: 0)) == "1969-12-31")
  }
}
