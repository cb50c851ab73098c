import Testing

@testable import CIMServer

@Suite("What a route was asked for over a link")
struct LinkRequestsTests {
  @Test("An answer takes out its own request, once")
  func answers() {
    var requests = LinkRequests()
    let first = requests.add(.sync(batch: 7, from: 1))
    let second = requests.add(.sync(batch: 8, from: 2))
    #expect([first, second] == [1, 2])
    let answered = [requests.take(second), requests.take(second), requests.take(3)]
    #expect(answered == [.sync(batch: 8, from: 2), nil, nil])
    let left = requests.takeAll()
    #expect(left == [.sync(batch: 7, from: 1)])
  }

  @Test("What is left when the link is down comes out in the order of asking; no number comes twice")
  func down() {
    var requests = LinkRequests()
    for batch in 1...100 as ClosedRange<UInt64> { _ = requests.add(.sync(batch: batch, from: 0)) }
    let left = requests.takeAll()
    #expect(left == (1...100).map { .sync(batch: $0, from: 0) })
    let nothing = requests.takeAll()
    #expect(nothing == [])
    let next = requests.add(.sync(batch: 101, from: 0))
    #expect(next == 101)
  }
}
