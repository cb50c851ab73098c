import NIOCore
import NgRPC

/// A message of which only the size is looked at.
struct Received: RPCMessage {
  let byteCount: Int

  init(serialized bytes: UnsafeRawBufferPointer) { byteCount = bytes.count }

  func serialize(into buffer: inout ByteBuffer) { buffer.writeRepeatingByte(0, count: byteCount) }
}

extension FramedMessage {
  /// Without gRPC's prefix.
  var payloadBytes: Int { byteCount - 5 }
}

/// The server did something else than its service says.
struct LoadError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
