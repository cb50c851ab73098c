import NIOCore
import Testing

@testable import CIMRoute

@Suite("When delayed messages are looked for")
struct DelayedScheduleTests {
  private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
  private var schedule = DelayedSchedule(
    interval: .milliseconds(250), limit: 10, start: .uptimeNanoseconds(1_000_000_000))

  @Test("A look takes as many as may be under way, and the next one comes after the interval")
  func interval() {
    var schedule = schedule
    #expect(schedule.next(at: start - .milliseconds(3), canSend: true) == .wait(.milliseconds(3)))
    #expect(schedule.next(at: start, canSend: true) == .take(10))
    #expect(schedule.took(0, of: 10, at: start) == true)
    #expect(schedule.next(at: start, canSend: true) == .wait(.milliseconds(250)))
    #expect(schedule.next(at: start + .milliseconds(250), canSend: true) == .take(10))
  }

  @Test("When as many came as were asked for, more are asked for at once, as far as there is room")
  func more() {
    var schedule = schedule
    #expect(schedule.took(10, of: 10, at: start) == true)
    guard case .wait = schedule.next(at: start, canSend: true) else {
      Issue.record("more are taken than may be under way")
      return
    }
    for _ in 1...4 { schedule.ended() }
    #expect(schedule.next(at: start, canSend: true) == .take(4))
    #expect(schedule.took(3, of: 4, at: start) == true)
    #expect(schedule.next(at: start, canSend: true) == .wait(.milliseconds(250)))
    #expect(schedule.underWay == 9)
  }

  @Test("Nothing is taken that can't be sent, and it is taken as soon as it can")
  func notReady() {
    guard case .wait = schedule.next(at: start, canSend: false) else {
      Issue.record("messages are taken that can't be sent")
      return
    }
    #expect(schedule.next(at: start, canSend: true) == .take(10))
  }

  @Test("A store that is away is said once, as is its return, and asked again after the interval")
  func away() {
    var schedule = schedule
    let (first, second) = (schedule.failed(at: start), schedule.failed(at: start))
    #expect(first && !second)
    #expect(schedule.next(at: start, canSend: true) == .wait(.milliseconds(250)))
    let (back, still) = (schedule.answered(), schedule.answered())
    #expect(back && !still)
    #expect(schedule.failed(at: start) == true)
  }

  @Test("What comes when the route is stopping is not to be sent")
  func stopping() {
    var schedule = schedule
    schedule.stop()
    #expect(schedule.took(3, of: 10, at: start) == false)
    #expect(schedule.underWay == 0)
    #expect(schedule.next(at: start + .seconds(1), canSend: true) == .stop)
  }
}
