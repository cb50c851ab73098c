import CIMCore
import Testing

@Suite("Latest value")
struct LatestTests {
  @Test("A reader gets the current value first, then each one as it comes")
  func following() async {
    let latest = Latest(1)
    var reader = latest.values().makeAsyncIterator()
    #expect(await reader.next() == 1)
    latest.publish(2)
    #expect(await reader.next() == 2)
    #expect(latest.value == 2)
  }

  @Test("A slow reader gets only the newest")
  func slowReader() async {
    let latest = Latest(1)
    var reader = latest.values().makeAsyncIterator()
    for value in 2...100 { latest.publish(value) }
    latest.finish()
    #expect(await reader.next() == 100)
    #expect(await reader.next() == nil)
  }

  @Test("Without a value yet a reader waits for the first")
  func noValueYet() async {
    let latest = Latest<Int>()
    var reader = latest.values().makeAsyncIterator()
    latest.publish(7)
    #expect(await reader.next() == 7)
  }

  @Test("Once finished, readers get the last value and the end")
  func finished() async {
    let latest = Latest(1)
    latest.finish()
    latest.publish(2)
    var seen: [Int] = []
    for await value in latest.values() { seen.append(value) }
    #expect(seen == [1])
  }

  @Test("A reader that was cancelled ends, and the others go on")
  func cancellation() async {
    let latest = Latest(1)
    let cancelled = Task { for await _ in latest.values() {} }
    var other = latest.values().makeAsyncIterator()
    cancelled.cancel()
    await cancelled.value
    #expect(await other.next() == 1)
    latest.publish(2)
    #expect(await other.next() == 2)
  }
}
