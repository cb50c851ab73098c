/// Decodes UTF-8 byte by byte. What is no UTF-8 comes out as U+FFFD.
struct ScalarDecoder {
  private var bytes: [UInt8] = []
  private var missing = 0

  /// Takes a byte.
  ///
  /// - Returns: the character that it completes; `nil` when more bytes are needed.
  mutating func decode(_ byte: UInt8) -> Unicode.Scalar? {
    if self.missing > 0, byte & 0xC0 == 0x80 {
      self.bytes.append(byte)
      self.missing -= 1
      return self.missing == 0 ? self.finish() : nil
    }
    // A sequence that was cut short is dropped in favour of what follows.
    self.bytes = [byte]
    switch byte {
    case 0xC2...0xDF: self.missing = 1
    case 0xE0...0xEF: self.missing = 2
    case 0xF0...0xF4: self.missing = 3
    default: self.missing = 0
    }
    return self.missing == 0 ? self.finish() : nil
  }

  private mutating func finish() -> Unicode.Scalar? {
    defer { self.bytes.removeAll(keepingCapacity: true) }
    return String(decoding: self.bytes, as: UTF8.self).unicodeScalars.first
  }
}
