import CodeGenFixtures
import Foundation
import NIOCore
import NgRPC

/// A message in a file that `random_messages.py` writes or reads.
struct MessageRecord {
  /// The message's type, without its package.
  var type: String
  /// The content as canonical text.
  var text: String
  var bytes: ByteBuffer

  /// The Swift types that records may have.
  static let types: [String: any ProtobufMessage.Type] = [
    "Scalars": FixturesV1.Scalars.self, "Optionals": FixturesV1.Optionals.self,
    "Lists": FixturesV1.Lists.self, "UnpackedLists": FixturesV1.UnpackedLists.self,
    "Choices": FixturesV1.Choices.self, "Maps": FixturesV1.Maps.self, "Nested": FixturesV1.Nested.self,
    "Everything": FixturesV1.Everything.self, "Narrow": FixturesV1.Narrow.self,
  ]

  /// The message in Swift.
  func decoded() throws -> any ProtobufMessage {
    try Self.types[type]!.init(serialized: bytes)
  }

  static func read(_ path: String) throws -> [MessageRecord] {
    var file = ByteBuffer(bytes: try Data(contentsOf: URL(filePath: path)))
    var records: [MessageRecord] = []
    while let type = file.readLengthPrefixedSlice(as: UInt32.self),
      let text = file.readLengthPrefixedSlice(as: UInt32.self),
      let bytes = file.readLengthPrefixedSlice(as: UInt32.self)
    {
      records.append(MessageRecord(type: String(buffer: type), text: String(buffer: text), bytes: bytes))
    }
    return records
  }

  static func write(_ records: [MessageRecord], to path: String) throws {
    var file = ByteBuffer()
    for record in records {
      for part in [ByteBuffer(string: record.type), ByteBuffer(string: record.text), record.bytes] {
        try file.writeLengthPrefixed(as: UInt32.self) { $0.writeImmutableBuffer(part) }
      }
    }
    try Data(file.readableBytesView).write(to: URL(filePath: path))
  }
}

extension RPCMessage {
  /// The message's bytes.
  func serialized() throws -> ByteBuffer {
    var buffer = ByteBuffer()
    try serialize(into: &buffer)
    return buffer
  }

  init(wire bytes: [UInt8]) throws {
    try self.init(serialized: ByteBuffer(bytes: bytes))
  }
}
