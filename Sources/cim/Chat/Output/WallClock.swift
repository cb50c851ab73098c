import CIMCore
import Glibc

/// Dates and times as the user's clock on the wall shows them.
struct WallClock: Sendable {
  /// This moment.
  let now: @Sendable () -> Timestamp
  /// How many seconds the local time is ahead of UTC at a moment.
  let secondsEast: @Sendable (Timestamp) -> Int64

  /// This machine's clock and time zone.
  static let system = Self(now: { .now() }) { moment in
    var seconds = time_t(moment.milliseconds / 1000)
    var parts = tm()
    localtime_r(&seconds, &parts)
    return Int64(parts.tm_gmtoff)
  }

  /// Such as "12:03:04", or "2026-11-23 12:03:04" when that was not today.
  func stamp(_ moment: Timestamp) -> String {
    let (date, time) = self.local(moment)
    return date == self.date(self.now()) ? time : "\(date) \(time)"
  }

  /// Such as "2026-11-23".
  func date(_ moment: Timestamp) -> String { self.local(moment).date }

  /// Such as "12:03:04".
  func time(_ moment: Timestamp) -> String { self.local(moment).time }

  /// Such as "2026-11-23T12:03:04.567Z", in UTC (RFC 3339).
  static func text(_ moment: Timestamp) -> String {
    let (date, time) = Self.text(ofSeconds: Int64(moment.milliseconds / 1000))
    return "\(date)T\(time).\(Self.padded(Int64(moment.milliseconds % 1000), to: 3))Z"
  }

  private func local(_ moment: Timestamp) -> (date: String, time: String) {
    Self.text(ofSeconds: Int64(moment.milliseconds / 1000) + self.secondsEast(moment))
  }

  private static func text(ofSeconds seconds: Int64) -> (date: String, time: String) {
    let days = seconds >= 0 ? seconds / 86400 : (seconds - 86399) / 86400
    let (year, month, day) = Self.date(ofDay: days)
    let rest = seconds - days * 86400
    let date = [(year, 4), (month, 2), (day, 2)].map { Self.padded($0, to: $1) }.joined(separator: "-")
    let time = [rest / 3600, rest / 60 % 60, rest % 60].map { Self.padded($0, to: 2) }.joined(separator: ":")
    return (date, time)
  }

  /// The date of a day counted from 1970-01-01, in the proleptic Gregorian calendar: years are taken to begin in March, so that
  /// leap days are last, and eras of 400 years are all alike.
  private static func date(ofDay day: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = day + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
  }

  private static func padded(_ number: Int64, to width: Int) -> String {
    let digits = "\(number)"
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
