import Testing

@testable import NgRPC

@Suite("Frames on streams that are gone")
struct ClosedStreamsTests {
  @Test(
    "What comes on a stream that its client has ended is a mistake; on one that the server has reset it is late"
  )
  func endedAndReset() {
    var streams = ClosedStreams()
    for id in [Int32(1), 3] {
      let isRight1 = streams.receivesHeaders(id, isOpen: false)
      #expect(isRight1)
      streams.opened(id)
    }
    streams.wasReset(3)
    let onEnded = streams.receivesHeaders(1, isOpen: false)
    #expect(!onEnded)
    let isRight2 = streams.receivesHeaders(3, isOpen: false)
    #expect(isRight2)
  }

  @Test("A stream that was refused before it was opened counts as reset at once")
  func refused() {
    var streams = ClosedStreams()
    let isRight3 = streams.receivesHeaders(1, isOpen: false)
    #expect(isRight3)
    let isRight4 = streams.receivesHeaders(1, isOpen: false)
    #expect(isRight4)
  }

  @Test("A request on a number that was left out is a mistake")
  func leftOut() {
    var streams = ClosedStreams()
    let isRight5 = streams.receivesHeaders(5, isOpen: false)
    #expect(isRight5)
    streams.opened(5)
    let onLeftOut = streams.receivesHeaders(3, isOpen: false)
    #expect(!onLeftOut)
  }

  @Test("However many streams are reset, what comes late on one is no mistake")
  func many() {
    var streams = ClosedStreams()
    let ids = stride(from: Int32(1), to: 20_001, by: 2)
    for id in ids {
      let isRight6 = streams.receivesHeaders(id, isOpen: false)
      #expect(isRight6)
      streams.opened(id)
      streams.wasReset(id)
    }
    for id in ids {
      let isRight7 = streams.receivesHeaders(id, isOpen: false)
      #expect(isRight7)
    }
  }
}
