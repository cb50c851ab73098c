import NIOCore
import Testing

@testable import CIMServer

@Suite("A timing wheel")
struct TimingWheelTests {
  private let start = NIODeadline.uptimeNanoseconds(1_000_000)
  private func wheel() -> TimingWheel<String> { TimingWheel(tick: .milliseconds(10), slots: 8, now: start) }

  @Test("An element comes out at its deadline, not before, and once")
  func deadline() {
    var wheel = wheel()
    wheel.insert("a", at: start + .milliseconds(30))
    #expect(wheel.advance(to: start + .milliseconds(29)) == [])
    #expect(wheel.advance(to: start + .milliseconds(30)) == ["a"])
    #expect(wheel.advance(to: start + .seconds(1)) == [])
  }

  @Test("A deadline between two ticks waits for the later one")
  func rounding() {
    var wheel = wheel()
    wheel.insert("a", at: start + .milliseconds(31))
    #expect(wheel.advance(to: start + .milliseconds(39)) == [])
    #expect(wheel.advance(to: start + .milliseconds(40)) == ["a"])
  }

  @Test("A deadline further off than one turn comes out in its own turn")
  func farAway() {
    var wheel = wheel()
    wheel.insert("far", at: start + .milliseconds(200))
    wheel.insert("near", at: start + .milliseconds(40))
    var seen: [(Int64, String)] = []
    for tick in 1...30 as ClosedRange<Int64> {
      seen += wheel.advance(to: start + .milliseconds(tick * 10)).map { (tick, $0) }
    }
    #expect(seen.map(\.0) == [4, 20])
    #expect(seen.map(\.1) == ["near", "far"])
  }

  @Test("A deadline that is over comes out with the next tick")
  func over() {
    var wheel = wheel()
    _ = wheel.advance(to: start + .milliseconds(50))
    wheel.insert("late", at: start)
    #expect(wheel.advance(to: start + .milliseconds(60)) == ["late"])
  }

  @Test("A timer that is late by many turns misses nothing")
  func lateTimer() {
    var wheel = wheel()
    for index in 0..<100 { wheel.insert("\(index)", at: start + .milliseconds(Int64(index) * 7)) }
    #expect(Set(wheel.advance(to: start + .seconds(60))) == Set((0..<100).map(String.init)))
  }
}
