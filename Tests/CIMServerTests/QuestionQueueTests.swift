import CIMCore
import NIOCore
import Testing

@testable import CIMServer

@Suite("Questions to the routes about logs")
struct QuestionQueueTests {
  private let start = NIODeadline.uptimeNanoseconds(0)

  private func light(_: UInt64) -> Int { 0 }

  private func key(_ seq: UInt64) -> FetchKey {
    FetchKey(conversation: "lobby", after: LogPosition(epoch: 1, seq: seq), isLate: false)
  }

  // MARK: Fetches

  @Test("Equal wishes are one request; who comes while it is under way is told apart")
  func equal() throws {
    var queue = FetchQueue(maxInFlight: 8, timeout: .seconds(5))
    queue.add(key(1), for: 10)
    queue.add(key(1), for: 11)
    let nextrequest = queue.next(at: start)
    let request = try #require(nextrequest)
    #expect(queue.next(at: start) == nil)
    queue.add(key(1), for: 12)
    #expect(queue.next(at: start) == nil)
    let answeredrequest = queue.answered(request)
    #expect(answeredrequest.sessions == [10, 11])
    #expect(answeredrequest.latecomers == [12])
    #expect(queue.isEmpty)
  }

  @Test("A bounded number is under way")
  func bounded() throws {
    var queue = FetchQueue(maxInFlight: 2, timeout: .seconds(5))
    for seq in 1...3 as ClosedRange<UInt64> { queue.add(key(seq), for: seq) }
    let nextfirst = queue.next(at: start)
    let first = try #require(nextfirst)
    #expect(queue.next(at: start) != nil)
    #expect(queue.next(at: start) == nil)
    _ = queue.answered(first)
    #expect(queue.next(at: start)?.key == key(3))
  }

  @Test(
    "What fails is asked for again: at once elsewhere, or later; the first one's late answer does not count")
  func failing() throws {
    var queue = FetchQueue(maxInFlight: 2, timeout: .seconds(5))
    queue.add(key(1), for: 10)
    let nextfirst = queue.next(at: start)
    let first = try #require(nextfirst)
    queue.add(key(1), for: 11)
    queue.failed(first, isElsewherePossible: true)
    let nextsecond = queue.next(at: start)
    let second = try #require(nextsecond)
    #expect(second.attempt == 1)
    let answeredfirst = queue.answered(first)
    #expect(answeredfirst.sessions == [])
    #expect(answeredfirst.latecomers == [])
    queue.failed(second, isElsewherePossible: false)
    #expect(queue.next(at: start) == nil)
    queue.retry(at: start)
    let nextthird = queue.next(at: start)
    let third = try #require(nextthird)
    let answeredthird = queue.answered(third)
    #expect(answeredthird.sessions == [10, 11])
    #expect(answeredthird.latecomers == [])
  }

  @Test("What is not answered in time is asked for again")
  func timeout() throws {
    var queue = FetchQueue(maxInFlight: 1, timeout: .seconds(5))
    queue.add(key(1), for: 10)
    _ = queue.next(at: start)
    queue.retry(at: start + .seconds(5))
    #expect(queue.next(at: start + .seconds(5)) == nil)
    queue.retry(at: start + .seconds(6))
    #expect(queue.next(at: start + .seconds(6))?.attempt == 1)
  }

  // MARK: Syncs

  @Test("Sessions are asked for in batches, each once, and for all of it when anybody wants that")
  func batches() {
    var queue = SyncQueue(maxSessions: 2, maxInFlight: 2, timeout: .seconds(5))
    for session in [1, 2, 3] as [UInt64] { queue.add(session, isNew: false) }
    queue.add(1, isNew: true)
    queue.add(1, isNew: false)
    #expect(queue.next(at: start, weight: light)?.entries.map(\.session) == [1, 2])
    #expect(queue.next(at: start, weight: light)?.entries.map(\.session) == [3])
    queue.add(4, isNew: false)
    #expect(queue.next(at: start, weight: light) == nil, "two are under way")
    #expect(queue.answered(1) == [.init(session: 1, isNew: true), .init(session: 2, isNew: false)])
    #expect(queue.answered(1) == nil)
    #expect(queue.next(at: start, weight: light)?.entries.map(\.session) == [4])
  }

  @Test("A batch that fails, or takes too long, is asked for again")
  func failingBatches() {
    var queue = SyncQueue(maxSessions: 2, maxInFlight: 2, timeout: .seconds(5))
    queue.add(1, isNew: true)
    _ = queue.next(at: start, weight: light)
    queue.failed(1, isElsewherePossible: false)
    #expect(!queue.hasNext)
    queue.retry(at: start)
    #expect(queue.next(at: start, weight: light)?.entries == [.init(session: 1, isNew: true)])
    queue.retry(at: start + .seconds(6))
    #expect(queue.answered(2) == nil, "too late")
    #expect(queue.next(at: start + .seconds(6), weight: light)?.entries == [.init(session: 1, isNew: true)])
  }

  @Test("A session that says much is asked for alone")
  func heavy() {
    var queue = SyncQueue(maxSessions: 64, maxInFlight: 8, timeout: .seconds(5))
    for session in [1, 2, 3, 4] as [UInt64] { queue.add(session, isNew: true) }
    let weight: (UInt64) -> Int = { $0 == 2 ? 10_000 : 900 }
    var batches: [[UInt64]] = []
    while let batch = queue.next(at: start, weight: weight) { batches.append(batch.entries.map(\.session)) }
    #expect(batches == [[1], [2], [3, 4]])
  }

  // MARK: Rounds

  @Test("A round visits each once in its time, spread over it")
  func rotation() {
    var rotation = Rotation<Int>(interval: .seconds(10), now: start)
    for element in 0..<100 { rotation.add(element) }
    var visited: [Int] = []
    for second in 1...11 {
      let part = rotation.next(at: start + .seconds(Int64(second))) { $0 != 50 }
      #expect((9...11).contains(part.count))
      visited += part
    }
    #expect(Set(visited).count == 99)
    #expect(rotation.count == 99)
  }

  // MARK: Acknowledgements

  @Test("Only the last place of each conversation is passed on")
  func acks() {
    var buffer = AckBuffer()
    for seq in [3, 5, 4] as [UInt64] {
      buffer.add(LogPosition(epoch: 1, seq: seq), of: "lobby", by: 7)
    }
    let all = buffer.takeAll()
    #expect(all == [.init(session: 7, conversation: "lobby", position: LogPosition(epoch: 1, seq: 5))])
    #expect(buffer.isEmpty)
  }

  @Test("Deliveries are acknowledged after 64, or when the first has waited")
  func deliveries() {
    var count = DeliveryCount()
    #expect(count.received(1) == .schedule)
    for number in 2...63 as ClosedRange<UInt64> { #expect(count.received(number) == .nothing) }
    #expect(count.received(64) == .acknowledge(64))
    #expect(count.due() == nil)
    #expect(count.received(65) == .schedule)
    #expect(count.received(66) == .nothing)
    #expect(count.due() == 66)
    #expect(count.received(0) == .nothing)
  }
}
