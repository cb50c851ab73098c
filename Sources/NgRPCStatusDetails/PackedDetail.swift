import NIOCore
import NgRPC
public import NgRPCProtos

/// A detail with the name of its type, as it travels: `google.protobuf.Any`.
public typealias PackedDetail = GoogleProtobuf.Any_

extension GoogleProtobuf.Any_ {
  /// - Throws: what the message's encoding throws.
  public init(packing detail: some StatusDetail) throws {
    var buffer = ByteBuffer()
    try detail.serialize(into: &buffer)
    self.init(
      typeURL: "type.googleapis.com/\(type(of: detail).fullName)", value: Array(buffer.readableBytesView))
  }

  /// The full name of the detail's type: what follows the last slash of the URL.
  public var typeName: Substring {
    typeURL.lastIndex(of: "/").map { typeURL[typeURL.index(after: $0)...] } ?? typeURL[...]
  }

  /// The detail; nil when it is of another type.
  ///
  /// - Throws: ``MessageDecodingError`` when it says that it is of that type, and is not.
  public func unpacked<Detail: StatusDetail>(as _: Detail.Type = Detail.self) throws -> Detail? {
    guard typeName == Detail.fullName else { return nil }
    return try value.withUnsafeBytes { try Detail(serialized: $0) }
  }
}
