public import CProtobufC

/// How generated code puts Swift values into the C form of a message.
extension ProtobufArena {
  /// The text's UTF-8.
  @inlinable
  public func copy(_ text: String) -> ProtobufCBinaryData {
    let utf8 = text.utf8
    if let data = utf8.withContiguousStorageIfAvailable({ copy(UnsafeRawBufferPointer($0)) }) {
      return data
    }
    return copy(Array(utf8))
  }

  /// The bytes.
  @inlinable
  public func copy(_ bytes: [UInt8]) -> ProtobufCBinaryData {
    bytes.withUnsafeBytes { copy($0) }
  }

  @usableFromInline
  func copy(_ bytes: UnsafeRawBufferPointer) -> ProtobufCBinaryData {
    guard let start = bytes.baseAddress, bytes.count > 0 else {
      return ProtobufCBinaryData(len: 0, data: nil)
    }
    let memory = allocate(byteCount: bytes.count)
    memory.copyMemory(from: start, byteCount: bytes.count)
    return ProtobufCBinaryData(len: bytes.count, data: memory.assumingMemoryBound(to: UInt8.self))
  }

  /// The C form of a message.
  @inlinable
  public func pointer<C>(to message: some ProtobufMessage) -> UnsafeMutablePointer<C>? {
    message.protobufStored(in: self).assumingMemoryBound(to: C.self)
  }

  /// The C form of a message that may be absent: a list of none or one.
  @inlinable
  public func single<C>(
    _ message: (some ProtobufMessage)?
  ) -> (Int, UnsafeMutablePointer<UnsafeMutablePointer<C>?>?) {
    guard let message else { return (0, nil) }
    let list = allocate(UnsafeMutablePointer<C>?.self)
    list.initialize(to: pointer(to: message))
    return (1, list)
  }

  /// The values as a C array and its length.
  @inlinable
  public func array<T: BitwiseCopyable>(_ values: [T]) -> (Int, UnsafeMutablePointer<T>?) {
    guard !values.isEmpty else { return (0, nil) }
    let memory = allocate(T.self, count: values.count)
    values.withUnsafeBufferPointer { memory.initialize(from: $0.baseAddress!, count: $0.count) }
    return (values.count, memory)
  }

  /// The values, each in its C form, as a C array and its length.
  @inlinable
  public func array<Values: Collection, C: BitwiseCopyable>(
    _ values: Values, _ stored: (Values.Element) -> C
  ) -> (Int, UnsafeMutablePointer<C>?) {
    let count = values.count
    guard count > 0 else { return (0, nil) }
    let memory = allocate(C.self, count: count)
    var next = memory
    for value in values {
      next.initialize(to: stored(value))
      next += 1
    }
    return (count, memory)
  }
}
