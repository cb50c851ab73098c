import CodeGenFixtures
import NIOCore
import NgRPC
import SharedFixtures
import Testing

@Suite("Generated messages on the wire")
struct MessageCodingTests {
  @Test("A NUL inside a text survives")
  func nul() throws {
    let message = FixturesV1.Scalars(stringValue: "a\0b\0")
    #expect(try message.serialized() == ByteBuffer(bytes: [0x72, 4, 0x61, 0, 0x62, 0]))
    #expect(try FixturesV1.Scalars(serialized: message.serialized()) == message)
  }

  @Test(
    "A text that is not UTF-8 is refused, and the field named",
    arguments: [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE4, 0xBD]])
  func invalidUTF8(bytes: [UInt8]) {
    let expected = MessageDecodingError(
      message: "fixtures.v1.Scalars", reason: "its field string_value is not UTF-8")
    #expect(throws: expected) {
      try FixturesV1.Scalars(wire: [0x72, UInt8(bytes.count)] + bytes)
    }
  }

  @Test("Invalid UTF-8 is found in lists, in maps, in oneofs and in messages of messages")
  func invalidUTF8Anywhere() {
    #expect(
      throws: MessageDecodingError(
        message: "fixtures.v1.Lists", reason: "its field string_values is not UTF-8")
    ) {
      try FixturesV1.Lists(wire: [0x72, 1, 0x61, 0x72, 1, 0xFF])
    }
    #expect(
      throws: MessageDecodingError(
        message: "fixtures.v1.Maps.by_int32", reason: "its field value is not UTF-8")
    ) {
      try FixturesV1.Maps(wire: [0x0A, 5, 8, 1, 0x12, 1, 0xFF])
    }
    #expect(
      throws: MessageDecodingError(
        message: "fixtures.v1.Choices", reason: "its field string_value is not UTF-8")
    ) {
      try FixturesV1.Choices(wire: [0x72, 1, 0xFF])
    }
    #expect(
      throws: MessageDecodingError(
        message: "fixtures.v1.Scalars", reason: "its field string_value is not UTF-8")
    ) {
      try FixturesV1.Everything(wire: [0x0A, 3, 0x72, 1, 0xFF])
    }
  }

  @Test("An empty message is no bytes, and no bytes are an empty message")
  func empty() throws {
    #expect(try FixturesV1.Everything().serialized().readableBytes == 0)
    #expect(try FixturesV1.Everything(wire: []) == FixturesV1.Everything())
    #expect(try FixturesV1.Empty(wire: []) == FixturesV1.Empty())
  }

  @Test("A field without presence is sent when it is not zero, one with presence when it is set")
  func presence() throws {
    #expect(try FixturesV1.Scalars(int32Value: 0, boolValue: false).serialized() == ByteBuffer())
    let set = FixturesV1.Optionals(int32Value: 0, stringValue: "", bytesValue: [], moodValue: .unspecified)
    let bytes = try set.serialized()
    #expect(bytes == ByteBuffer(bytes: [0x08, 0, 0x72, 0, 0x7A, 0, 0x80, 1, 0]))
    #expect(try FixturesV1.Optionals(serialized: bytes) == set)
  }

  @Test("An empty text, empty bytes and an empty message are choices of a oneof like any other")
  func emptyChoices() throws {
    for choice: FixturesV1.Choices.Choice in [
      .stringValue(""), .bytesValue([]), .nothing(.init()), .messageValue(.init()), .int32Value(0),
      .floatValue(0),
      .boolValue(false), .moodValue(.unspecified),
    ] {
      let message = FixturesV1.Choices(choice: choice)
      #expect(try FixturesV1.Choices(serialized: message.serialized()) == message)
    }
  }

  @Test("The last of a oneof's fields on the wire counts")
  func lastChoice() throws {
    let message = try FixturesV1.Choices(wire: [0x08, 7, 0x72, 1, 0x61])
    #expect(message.choice == .stringValue("a"))
  }

  @Test("Negative zero keeps its sign, and zero is not sent")
  func negativeZero() throws {
    let message = FixturesV1.Scalars(floatValue: -0.0, doubleValue: -0.0)
    let back = try FixturesV1.Scalars(serialized: message.serialized())
    #expect(back.floatValue.sign == .minus)
    #expect(back.doubleValue.sign == .minus)
    #expect(try FixturesV1.Scalars(floatValue: 0, doubleValue: 0).serialized() == ByteBuffer())
    let map = FixturesV1.Maps(bySint32: [3: -0.0])
    let mapBack = try FixturesV1.Maps(serialized: map.serialized())
    #expect(mapBack.bySint32[3]?.sign == .minus)
  }

  @Test("A number that an enum does not name is kept", arguments: [7, -3, Int32.max, Int32.min] as [Int32])
  func unknownEnumValue(number: Int32) throws {
    let message = FixturesV1.Lists(moodValues: [.good, .init(rawValue: number)])
    let back = try FixturesV1.Lists(serialized: message.serialized())
    #expect(back.moodValues.map(\.rawValue) == [1, number])
  }

  @Test("An enum's value prints its name, or its number when it has none")
  func enumDescription() {
    #expect("\(FixturesV1.Mood.bad)" == "MOOD_BAD")
    #expect("\(FixturesV1.Mood(rawValue: 5))" == "5")
    #expect(FixturesV1.Mood.fine == .good)
  }

  @Test("Unknown fields of every kind are skipped")
  func unknownFields() throws {
    // Fields 100 to 103: a varint, eight bytes, a text, four bytes; then int32_value = 5.
    let bytes: [UInt8] =
      [0xA0, 6, 0xFF, 0x7F] + [0xA9, 6, 1, 2, 3, 4, 5, 6, 7, 8] + [0xB2, 6, 2, 0xFF, 0xFF] + [
        0xBD, 6, 1, 2, 3, 4,
      ]
      + [8, 5]
    #expect(try FixturesV1.Narrow(wire: bytes) == FixturesV1.Narrow(int32Value: 5))
  }

  @Test("A map's entry without key or value has their zero, and the last of equal keys counts")
  func mapEntries() throws {
    let bytes: [UInt8] =
      [0x0A, 0] + [0x1A, 2, 8, 3] + [0x0A, 5, 8, 9, 0x12, 1, 0x61] + [0x0A, 5, 8, 9, 0x12, 1, 0x62]
    let message = try FixturesV1.Maps(wire: bytes)
    #expect(message.byInt32 == [0: "", 9: "b"])
    #expect(message.byUint32 == [3: FixturesV1.Scalars()])
  }

  @Test("Types of another module travel inside")
  func otherModule() throws {
    let point = FixturesSharedV1.Point(x: -1, y: 2, label: "here")
    let message = FixturesV1.Nested(
      point: point, points: [point, .init()], pointsByName: ["p": point], colour: .red, where: .there(point))
    #expect(try FixturesV1.Nested(serialized: message.serialized()) == message)
  }

  @Test("Fields named by keywords, or as protobuf-c's own, are told apart")
  func names() throws {
    let message = FixturesV1.Names(
      default: 1, self_: 2, init_: 3, class: 4, register: 5, in: 6, base: 7, items: [8], nItems: 9, thing: 10,
      hasThing: 11, thingCase: 12, hashValue_: 13, description_: 14, camelCase: 15, userID: 16,
      operator: .none_(18), c: 19, arena: 20, blank: 21, value: 22, entry: ["k": "v"], protobufStored_: 24,
      kind: .int(25), plainKind: .self_, aString: .init(text: "s"), aType: .init(text: "t"),
      floatingPresence: 30,
      floating: 31)
    let back = try FixturesV1.Names(serialized: message.serialized())
    #expect(back == message)
    #expect(back.userID == 16)
  }

  @Test("Bytes in front of a message in the buffer stay as they are")
  func appends() throws {
    var buffer = ByteBuffer(string: "head")
    try FixturesV1.Scalars(int32Value: 1).serialize(into: &buffer)
    #expect(buffer == ByteBuffer(bytes: Array("head".utf8) + [8, 1]))
  }

  @Test("A message of megabytes passes, and the next small one too")
  func large() throws {
    let message = FixturesV1.Lists(
      stringValues: [String(repeating: "x", count: 3_000_000)],
      messageValues: Array(repeating: .init(int32Value: 1), count: 50_000))
    #expect(try FixturesV1.Lists(serialized: message.serialized()) == message)
    let small = FixturesV1.Scalars(stringValue: "small")
    #expect(try FixturesV1.Scalars(serialized: small.serialized()) == small)
  }
}
