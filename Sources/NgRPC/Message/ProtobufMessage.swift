import CProtobufC
public import NIOCore

/// A message that protobuf-c packs and unpacks. Generated types conform; the requirements are theirs alone.
///
/// Between its Swift form and its bytes a message takes its C form for a moment, in the thread's ``ProtobufArena``.
/// Unknown fields are ignored. A message that comes twice where one is expected is merged, but for one in a oneof, of which
/// protobuf-c keeps the last.
public protocol ProtobufMessage: RPCMessage {
  /// The C form of a message with nothing set.
  static func protobufBlank(in arena: ProtobufArena) -> UnsafeMutableRawPointer

  /// This message's C form. It points at nothing but the arena and static memory.
  func protobufStored(in arena: ProtobufArena) -> UnsafeMutableRawPointer

  /// The message whose C form `protobufStored` points at. It keeps none of that memory.
  init(protobufStored: UnsafeRawPointer) throws(MessageDecodingError)
}

extension ProtobufMessage {
  /// Decodes one message from memory that is valid for the duration of the call only.
  ///
  /// The memory this takes is bounded: 64 KiB and 64 times the bytes' count, besides the message itself.
  ///
  /// - Throws: ``MessageDecodingError`` when the bytes are no such message, or when a text in it is not UTF-8.
  @inlinable
  public init(serialized bytes: UnsafeRawBufferPointer) throws {
    let arena = ProtobufArena.current
    let mark = arena.mark
    defer { arena.release(to: mark) }
    self = try Self(protobufStored: arena.unpack(bytes, like: Self.protobufBlank(in: arena)))
  }

  /// Appends exactly the message's bytes to `buffer`. The entries of a map come in no particular order.
  ///
  /// - Throws: ``RPCError`` with `resourceExhausted` for 2 GiB and more, which Protocol Buffers can't express.
  @inlinable
  public func serialize(into buffer: inout ByteBuffer) throws {
    let arena = ProtobufArena.current
    let mark = arena.mark
    defer { arena.release(to: mark) }
    try ProtobufPacking.pack(protobufStored(in: arena), into: &buffer)
  }
}

@usableFromInline
enum ProtobufPacking {
  @usableFromInline
  static func pack(_ stored: UnsafeRawPointer, into buffer: inout ByteBuffer) throws {
    let message = stored.assumingMemoryBound(to: ProtobufCMessage.self)
    let size = protobuf_c_message_get_packed_size(message)
    guard size <= Int32.max else {
      throw RPCError(
        code: .resourceExhausted,
        message:
          "A \(String(cString: message.pointee.descriptor.pointee.name)) of \(size) bytes can't be sent; "
          + "2 GiB is the end.")
    }
    buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: size) { memory in
      protobuf_c_message_pack(message, memory.baseAddress?.assumingMemoryBound(to: UInt8.self))
    }
  }
}
