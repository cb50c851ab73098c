import CProtobufC

/// How bytes become the C form of a message.
extension ProtobufArena {
  /// What protobuf-c may allocate for a message: a hostile one of two bytes per field must not take gigabytes, an
  /// honest one of many small messages must pass.
  private static func budget(forBytes count: Int) -> Int { (64 << 10) + count * 64 }

  /// Parses a message of the type whose C form `blank` is.
  ///
  /// - Returns: the message's C form.
  @usableFromInline
  func unpack(
    _ bytes: UnsafeRawBufferPointer, like blank: UnsafeRawPointer
  ) throws(MessageDecodingError) -> UnsafeRawPointer {
    try unpack(bytes, like: blank, budget: Self.budget(forBytes: bytes.count))
  }

  /// - Parameter budget: how many bytes may be allocated for it.
  func unpack(
    _ bytes: UnsafeRawBufferPointer, like blank: UnsafeRawPointer, budget: Int
  ) throws(MessageDecodingError) -> UnsafeRawPointer {
    storage.pointee.budget = budget
    storage.pointee.isExhausted = false
    let descriptor = blank.assumingMemoryBound(to: ProtobufCMessage.self).pointee.descriptor!
    return try parse(bytes, as: descriptor)
  }

  /// The one message that several of the same type stand for: by the rules of Protocol Buffers what their bytes, one
  /// after the other, say.
  ///
  /// - Parameter messages: of the message being unpacked, whose budget this uses.
  @usableFromInline
  func merge(
    _ messages: UnsafePointer<UnsafePointer<ProtobufCMessage>>, _ count: Int
  ) throws(MessageDecodingError) -> UnsafeRawPointer {
    let messages = UnsafeBufferPointer(start: messages, count: count)
    let descriptor = messages[0].pointee.descriptor!
    let size = messages.reduce(0) { $0 + protobuf_c_message_get_packed_size($1) }
    guard let memory = allocateWithinBudget(size) else { throw failure(of: descriptor) }
    var end = memory.assumingMemoryBound(to: UInt8.self)
    for message in messages { end += protobuf_c_message_pack(message, end) }
    return try parse(UnsafeRawBufferPointer(start: memory, count: size), as: descriptor)
  }

  private func parse(
    _ bytes: UnsafeRawBufferPointer, as descriptor: UnsafePointer<ProtobufCMessageDescriptor>
  ) throws(MessageDecodingError) -> UnsafeRawPointer {
    let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
    guard let message = protobuf_c_message_unpack(descriptor, allocator, bytes.count, start) else {
      throw failure(of: descriptor)
    }
    return UnsafeRawPointer(message)
  }

  /// The allocator is the first thing in the storage.
  private var allocator: UnsafeMutablePointer<ProtobufCAllocator> {
    UnsafeMutableRawPointer(storage).assumingMemoryBound(to: ProtobufCAllocator.self)
  }

  private func failure(of descriptor: UnsafePointer<ProtobufCMessageDescriptor>) -> MessageDecodingError {
    MessageDecodingError(
      message: String(cString: descriptor.pointee.name),
      reason: storage.pointee.isExhausted
        ? "it would unpack to far more memory than its bytes justify" : "its bytes are cut off or malformed")
  }
}
