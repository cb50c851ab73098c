import CodeGenFixtures
import NIOCore
import Testing

@testable import NgRPC

@Suite("The memory of messages being coded")
struct ProtobufArenaTests {
  @Test("It is the same memory again for each message, however many")
  func reuse() throws {
    let arena = ProtobufArena.current
    let mark = arena.mark
    let first = arena.allocate(byteCount: 100)
    arena.release(to: mark)
    for _ in 0..<1000 { _ = try FixturesV1.Scalars(stringValue: "text").serialized() }
    let again = arena.mark
    #expect(arena.allocate(byteCount: 100) == first)
    arena.release(to: again)
  }

  @Test("Allocations do not overlap, within a chunk and beyond it, and are aligned")
  func allocations() {
    let arena = ProtobufArena.current
    let mark = arena.mark
    defer { arena.release(to: mark) }
    var taken: [Range<UInt>] = []
    for size in [1, 8, 17, 5000, 20_000, 3, 100_000, 0, 9, 40_000] {
      let start = UInt(bitPattern: arena.allocate(byteCount: size))
      #expect(start % 8 == 0)
      let range = start..<start + UInt(size)
      #expect(!taken.contains { $0.overlaps(range) })
      taken.append(range)
    }
  }

  @Test("A mark inside a message being coded gives back only what came after it")
  func nestedMarks() {
    let arena = ProtobufArena.current
    let outer = arena.mark
    defer { arena.release(to: outer) }
    let kept = arena.allocate(byteCount: 8)
    kept.storeBytes(of: 7, as: Int.self)
    let inner = arena.mark
    _ = arena.allocate(byteCount: 1_000_000)
    arena.release(to: inner)
    let next = arena.allocate(byteCount: 8)
    #expect(next == kept + 8)
    #expect(kept.load(as: Int.self) == 7)
  }

  @Test("Running out of memory at any allocation is an error, and nothing else")
  func exhaustion() throws {
    let message = FixturesV1.Everything(
      scalars: .init(stringValue: "text"), optionals: .init(messageValue: .init(bytesValue: [1])),
      lists: .init(stringValues: ["a", "b"], messageValues: [.init(stringValue: "c"), .init()]),
      choices: .init(choice: .messageValue(.init(stringValue: "d"))),
      maps: .init(byString: ["e": .init(texts: ["f": "g"])]))
    let bytes = Array(try message.serialized().readableBytesView)
    let arena = ProtobufArena.current
    var budget = 0
    while true {
      let mark = arena.mark
      defer { arena.release(to: mark) }
      do {
        let blank = FixturesV1.Everything.protobufBlank(in: arena)
        _ = try bytes.withUnsafeBytes { try arena.unpack($0, like: blank, budget: budget) }
        break
      } catch let error as MessageDecodingError {
        try #require(error.reason.contains("far more memory"))
      }
      budget += 8
    }
    // The loop went through every allocation.
    #expect(budget > 1000)
  }
}
