import CodeGenFixtures
import NIOCore
import NgRPC
import Testing

@Suite("Hostile bytes")
struct HostileInputTests {
  /// A generator whose numbers follow from its seed, so that a failure happens again.
  struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      // SplitMix64.
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return mixed ^ (mixed >> 31)
    }
  }

  private static let full = FixturesV1.Everything(
    scalars: .init(int32Value: -1, stringValue: "text", bytesValue: [1, 2, 3], far: 7),
    optionals: .init(int64Value: .min, floatValue: 2, messageValue: .init(stringValue: "inner")),
    lists: .init(
      int32Values: [1, 2, 300], doubleValues: [1, 2], boolValues: [true, false],
      stringValues: ["a", "", "c"],
      messageValues: [.init(), .init(uint64Value: .max)]),
    unpackedLists: .init(int32Values: [4, 5], moodValues: [.good, .bad]),
    choices: .init(
      choice: .messageValue(.init(stringValue: "chosen")), other: .otherLists(.init(bytesValues: [[9]]))),
    maps: .init(
      byInt32: [1: "one"], byUint32: [2: .init(int32Value: 2)], byString: ["k": .init(texts: ["a": "b"])]))

  @Test("10000 mutated messages decode or are refused, and never crash")
  func mutations() throws {
    var random = Seeded(state: 1)
    let original = Array(try Self.full.serialized().readableBytesView)
    var decoded = 0
    for _ in 0..<10_000 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        guard !bytes.isEmpty else { break }
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes[place] = .random(in: 0...255, using: &random)
        case 2: bytes.removeSubrange(place...)
        case 3: bytes.insert(.random(in: 0...255, using: &random), at: place)
        default: bytes.insert(contentsOf: bytes[place...].prefix(20), at: place)
        }
      }
      do {
        let message = try FixturesV1.Everything(wire: bytes)
        // What was understood must be sayable.
        _ = try message.serialized()
        decoded += 1
      } catch is MessageDecodingError {
        continue
      }
    }
    // Both ways were taken.
    #expect((500..<9500).contains(decoded), "\(decoded) were decoded")
  }

  @Test("10000 random byte strings decode or are refused, and never crash")
  func randomBytes() {
    var random = Seeded(state: 2)
    for _ in 0..<10_000 {
      let count = Int.random(in: 0...64, using: &random)
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
      for type in MessageRecord.types.values { _ = try? type.init(wire: bytes) }
    }
  }

  @Test("Every message that is cut off inside a field is refused")
  func truncated() throws {
    let bytes = Array(try FixturesV1.Everything(lists: Self.full.lists).serialized().readableBytesView)
    for count in 1..<bytes.count {
      #expect(throws: MessageDecodingError.self) { try FixturesV1.Everything(wire: Array(bytes[..<count])) }
    }
  }

  @Test("Tiny elements that would take gigabytes are refused, and the next message passes")
  func expansion() throws {
    // Two bytes of each empty message become more than a hundred in memory.
    let bytes = (0..<500_000).flatMap { _ in [0x8A, 0x01, 0x00] as [UInt8] }
    let error = #expect(throws: MessageDecodingError.self) { try FixturesV1.Lists(wire: bytes) }
    #expect(error?.reason.contains("far more memory") == true)
    #expect(try FixturesV1.Scalars(wire: [8, 1]).int32Value == 1)
  }

  @Test("A message that comes thousands of times is merged in memory that its bytes justify")
  func manyMerges() throws {
    let once = FixturesV1.Everything(lists: .init(sfixed64Values: Array(repeating: 1, count: 100)))
    let bytes = [UInt8](try once.serialized().readableBytesView)
    let merged = try FixturesV1.Everything(wire: (0..<2000).flatMap { _ in bytes })
    #expect(merged.lists?.sfixed64Values.count == 200_000)
  }

  @Test("A length that reaches past the end is refused without reading it")
  func overlongLength() {
    for bytes: [UInt8] in [
      [0x72, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F], [0x72, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
    ] {
      let error = #expect(throws: MessageDecodingError.self) { try FixturesV1.Scalars(wire: bytes) }
      #expect(error?.message == "fixtures.v1.Scalars")
    }
  }
}
