import CIMProtos
import NIOCore
import NgRPC
import Testing

@testable import CIMRoute

@Suite("Frames that wait for a link")
struct ParkedFramesTests {
  private let start = NIODeadline.uptimeNanoseconds(0)

  private func frame(_ name: String) throws -> LiveFrame {
    .message(try FramedMessage(CimV1.LinkRequest()), conversation: name)
  }

  @Test("They come out in order; the oldest go when there are too many")
  func count() throws {
    var parked = ParkedFrames(maxCount: 2, maxAge: .seconds(10))
    #expect(parked.park(try frame("a"), at: start) == 0)
    #expect(parked.park(try frame("b"), at: start) == 0)
    #expect(parked.park(try frame("c"), at: start) == 1)
    #expect(parked.takeAll(at: start).frames.map(\.conversation) == ["b", "c"])
    #expect(parked.takeAll(at: start).frames.isEmpty)
  }

  @Test("What is too old is dropped")
  func age() throws {
    var parked = ParkedFrames(maxCount: 9, maxAge: .seconds(10))
    _ = parked.park(try frame("a"), at: start)
    _ = parked.park(try frame("b"), at: start + .seconds(8))
    let (frames, dropped) = parked.takeAll(at: start + .seconds(11))
    #expect(frames.map(\.conversation) == ["b"])
    #expect(dropped == 1)
  }
}
