import NIOCore

/// What can stand in a command: text, bytes and whole numbers. Redis sees bytes only; numbers are sent in decimal.
public protocol RedisArgument: Sendable {
  /// Appends the argument's bytes.
  func write(to bytes: inout [UInt8])
}

extension String: RedisArgument {
  /// Appends the text in UTF-8.
  public func write(to bytes: inout [UInt8]) { bytes.append(contentsOf: utf8) }
}

extension Substring: RedisArgument {
  /// Appends the text in UTF-8.
  public func write(to bytes: inout [UInt8]) { bytes.append(contentsOf: utf8) }
}

extension [UInt8]: RedisArgument {
  /// Appends the bytes as they are.
  public func write(to bytes: inout [UInt8]) { bytes.append(contentsOf: self) }
}

extension ByteBuffer: RedisArgument {
  /// Appends the readable bytes.
  public func write(to bytes: inout [UInt8]) { bytes.append(contentsOf: readableBytesView) }
}

extension Int: RedisArgument {}
extension Int64: RedisArgument {}
extension UInt64: RedisArgument {}

extension RedisArgument where Self: FixedWidthInteger {
  /// Appends the number in decimal.
  public func write(to bytes: inout [UInt8]) { bytes.append(contentsOf: String(self).utf8) }
}
