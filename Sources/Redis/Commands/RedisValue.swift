/// A reply, or a part of one (RESP2).
///
/// `as…` methods turn it into Swift's types and throw `unexpectedReply` when it is something else.
public enum RedisValue: Hashable, Sendable {
  /// No value: the key, the element, the array does not exist.
  case null
  /// A whole number.
  case integer(Int64)
  /// A short text from the server itself, such as `OK`.
  case status(String)
  /// A string of Redis: any bytes.
  case bytes([UInt8])
  /// Several replies in one.
  case array([RedisValue])
  /// An error inside an array, as of one command within `EXEC`. An error that is the whole reply is thrown.
  case error(RedisError)
}

extension RedisValue {
  /// Whether it is ``null``.
  public var isNull: Bool { self == .null }

  /// The bytes of a string or a status.
  public func asBytes() throws(RedisError) -> [UInt8] {
    switch self {
    case .bytes(let bytes): return bytes
    case .status(let text): return Array(text.utf8)
    case .null, .integer, .array, .error: throw mismatch(expected: "a string")
    }
  }

  /// The text of a string or a status.
  ///
  /// - Throws: `unexpectedReply` also when the bytes are not UTF-8.
  public func asString() throws(RedisError) -> String {
    switch self {
    case .status(let text): return text
    case .bytes(let bytes):
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw RedisError(.unexpectedReply, "expected text in UTF-8, got \(bytes.count) other bytes")
      }
      return text
    case .null, .integer, .array, .error: throw mismatch(expected: "a string")
    }
  }

  /// A whole number, from an integer reply or from a string of decimal digits.
  ///
  /// - Throws: `unexpectedReply` also when the number does not fit the type.
  public func asInteger<Number: FixedWidthInteger>(
    _ type: Number.Type = Number.self
  ) throws(RedisError) -> Number {
    let number: Number? =
      switch self {
      case .integer(let number): Number(exactly: number)
      case .bytes(let bytes): Number(String(decoding: bytes, as: UTF8.self))
      case .null, .status, .array, .error: nil
      }
    guard let number else { throw mismatch(expected: "a whole number (\(type))") }
    return number
  }

  /// The elements of an array.
  public func asArray() throws(RedisError) -> [RedisValue] {
    guard case .array(let elements) = self else { throw mismatch(expected: "an array") }
    return elements
  }

  /// The elements of an array two by two, such as the fields and values of a hash.
  ///
  /// - Throws: `unexpectedReply` also when their number is odd.
  public func asPairs() throws(RedisError) -> [(key: RedisValue, value: RedisValue)] {
    let elements = try asArray()
    guard elements.count.isMultiple(of: 2) else {
      throw RedisError(.unexpectedReply, "expected pairs, got an array of \(elements.count) elements")
    }
    return stride(from: 0, to: elements.count, by: 2).map { (elements[$0], elements[$0 + 1]) }
  }

  /// The value itself, or nil when it is ``null``.
  public var ifPresent: RedisValue? { isNull ? nil : self }

  private func mismatch(expected: String) -> RedisError {
    let found =
      switch self {
      case .null: "nothing (nil)"
      case .integer(let number): "the number \(number)"
      case .status(let text): "the status \"\(text)\""
      case .bytes(let bytes): "a string of \(bytes.count) bytes"
      case .array(let elements): "an array of \(elements.count) elements"
      case .error(let error): "an error: \(error.message)"
      }
    return RedisError(.unexpectedReply, "expected \(expected), got \(found)")
  }
}
