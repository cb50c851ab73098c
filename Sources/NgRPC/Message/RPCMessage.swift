import NIOCore

/// A message that can travel in an RPC.
///
/// Generated types conform by way of Protocol Buffers. `ByteBuffer` conforms by passing its bytes through.
public protocol RPCMessage: Sendable {
  /// Decodes one message from memory that is valid for the duration of the call only.
  ///
  /// - Throws: ``MessageDecodingError`` when the bytes are no such message.
  init(serialized bytes: UnsafeRawBufferPointer) throws

  /// Appends exactly the message's bytes to `buffer`, without any length in front.
  func serialize(into buffer: inout ByteBuffer) throws
}

extension RPCMessage {
  /// Decodes one message from the readable bytes of `buffer`.
  ///
  /// - Throws: ``MessageDecodingError`` when the bytes are no such message.
  @inlinable
  public init(serialized buffer: ByteBuffer) throws {
    self = try buffer.withUnsafeReadableBytes { try Self(serialized: $0) }
  }
}

extension ByteBuffer: RPCMessage {
  /// Copies the bytes.
  public init(serialized bytes: UnsafeRawBufferPointer) throws {
    self = ByteBuffer(bytes: bytes)
  }

  /// Appends the readable bytes.
  public func serialize(into buffer: inout ByteBuffer) throws {
    buffer.writeImmutableBuffer(self)
  }
}

/// Bytes that are no message of the type asked for.
public struct MessageDecodingError: Error, Hashable, CustomStringConvertible {
  /// The message's full name, such as `cim.v1.Hello`.
  public var message: String
  /// What is wrong, naming the field where one is to blame.
  public var reason: String

  public init(message: String, reason: String) {
    self.message = message
    self.reason = reason
  }

  public var description: String { "not a valid \(message): \(reason)" }
}
