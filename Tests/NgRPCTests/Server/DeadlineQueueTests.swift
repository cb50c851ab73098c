import NIOCore
import NIOEmbedded
import Testing

@testable import NgRPC

@Suite("The deadlines of an event loop")
struct DeadlineQueueTests {
  private final class Sleeper: DeadlineOwner {
    var deadlinePlace = DeadlineQueue.nowhere
    var wokenAt: [NIODeadline] = []
    func deadlineReached(now: NIODeadline) { wokenAt.append(now) }
  }

  @Test("Each owner is woken once, at its last deadline, whatever was set, moved and taken back before")
  func order() {
    let loop = EmbeddedEventLoop()
    let queue = DeadlineQueue(eventLoop: loop)
    let sleepers = (0..<200).map { _ in Sleeper() }
    var random = SystemRandomNumberGenerator()
    var expected: [Int?] = Array(repeating: nil, count: sleepers.count)
    for _ in 0..<5000 {
      let index = Int.random(in: 0..<sleepers.count, using: &random)
      expected[index] = Bool.random(using: &random) ? Int.random(in: 1...1000, using: &random) : nil
      queue.set(
        expected[index].map { .uptimeNanoseconds(UInt64($0)) } ?? .distantFuture, for: sleepers[index])
    }
    #expect(queue.count == expected.count { $0 != nil })
    for _ in 0..<1000 { loop.advanceTime(by: .nanoseconds(1)) }
    #expect(queue.count == 0)
    for (sleeper, deadline) in zip(sleepers, expected) {
      #expect(sleeper.wokenAt.count == (deadline == nil ? 0 : 1))
      #expect(sleeper.deadlinePlace == DeadlineQueue.nowhere)
    }
  }

  @Test("A deadline that is moved forward wakes at the new time; one that is moved back, not at the old one")
  func moved() {
    let loop = EmbeddedEventLoop()
    let queue = DeadlineQueue(eventLoop: loop)
    let (early, late) = (Sleeper(), Sleeper())
    queue.set(.uptimeNanoseconds(100), for: early)
    queue.set(.uptimeNanoseconds(100), for: late)
    queue.set(.uptimeNanoseconds(50), for: early)
    queue.set(.uptimeNanoseconds(150), for: late)
    loop.advanceTime(by: .nanoseconds(60))
    #expect(early.wokenAt.count == 1)
    loop.advanceTime(by: .nanoseconds(60))
    #expect(late.wokenAt.isEmpty)
    loop.advanceTime(by: .nanoseconds(60))
    #expect(late.wokenAt.count == 1)
  }
}
