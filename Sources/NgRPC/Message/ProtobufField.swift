public import CProtobufC

/// How generated code takes Swift values out of the C form of a message.
public enum ProtobufField {
  /// The text, which must be UTF-8.
  ///
  /// - Parameter field: the field's full name, such as `cim.v1.User.name`, for the error.
  @inlinable
  public static func string(
    _ data: ProtobufCBinaryData, _ field: StaticString
  ) throws(MessageDecodingError) -> String {
    guard let start = data.data, data.len > 0 else { return "" }
    let bytes = UnsafeBufferPointer(start: start, count: data.len)
    guard let text = String(validating: bytes, as: UTF8.self) else { throw invalidText(in: field) }
    return text
  }

  @usableFromInline
  static func invalidText(in field: StaticString) -> MessageDecodingError {
    let name = "\(field)"
    let split = name.lastIndex(of: ".") ?? name.startIndex
    return MessageDecodingError(
      message: String(name[..<split]), reason: "its field \(name[split...].dropFirst()) is not UTF-8")
  }

  /// The bytes.
  @inlinable
  public static func bytes(_ data: ProtobufCBinaryData) -> [UInt8] {
    [UInt8](UnsafeBufferPointer(start: data.data, count: data.len))
  }

  /// The message, or nil when it is absent.
  @inlinable
  public static func message<M: ProtobufMessage, C>(
    _ pointer: UnsafeMutablePointer<C>?
  ) throws(MessageDecodingError) -> M? {
    guard let pointer else { return nil }
    return try M(protobufStored: UnsafeRawPointer(pointer))
  }

  /// The message, or nil when it is absent: a list of none or one. Several are merged into one.
  @inlinable
  public static func single<M: ProtobufMessage, C>(
    _ start: UnsafeMutablePointer<UnsafeMutablePointer<C>?>?, _ count: Int
  ) throws(MessageDecodingError) -> M? {
    guard let start, count > 0 else { return nil }
    guard count > 1 else { return try M(protobufStored: start[0]!) }
    let merged = try ProtobufArena.current.merge(
      UnsafeRawPointer(start).assumingMemoryBound(to: UnsafePointer<ProtobufCMessage>.self), count)
    return try M(protobufStored: merged)
  }

  /// The messages.
  @inlinable
  public static func messages<M: ProtobufMessage, C>(
    _ start: UnsafeMutablePointer<UnsafeMutablePointer<C>?>?, _ count: Int
  ) throws(MessageDecodingError) -> [M] {
    try array(start, count) { pointer throws(MessageDecodingError) in
      try M(protobufStored: UnsafeRawPointer(pointer!))
    }
  }

  /// The values, which look the same in C and in Swift.
  @inlinable
  public static func array<T: BitwiseCopyable>(_ start: UnsafeMutablePointer<T>?, _ count: Int) -> [T] {
    [T](UnsafeBufferPointer(start: start, count: count))
  }

  /// The values, each made from its C form.
  @inlinable
  public static func array<C, T>(
    _ start: UnsafeMutablePointer<C>?, _ count: Int,
    _ value: (C) throws(MessageDecodingError) -> T
  ) throws(MessageDecodingError) -> [T] {
    guard let start, count > 0 else { return [] }
    var values: [T] = []
    values.reserveCapacity(count)
    for index in 0..<count { values.append(try value(start[index])) }
    return values
  }

  /// A map; of entries with the same key the last counts.
  @inlinable
  public static func dictionary<C, Key: Hashable, Value>(
    _ start: UnsafeMutablePointer<UnsafeMutablePointer<C>?>?, _ count: Int,
    _ entry: (C) throws(MessageDecodingError) -> (Key, Value)
  ) throws(MessageDecodingError) -> [Key: Value] {
    guard let start, count > 0 else { return [:] }
    var values: [Key: Value] = [:]
    values.reserveCapacity(count)
    for index in 0..<count {
      let (key, value) = try entry(start[index]!.pointee)
      values[key] = value
    }
    return values
  }
}
