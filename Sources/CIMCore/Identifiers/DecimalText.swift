extension UInt64 {
  /// The number that `text` writes in its only canonical form: ASCII digits, no sign, no leading zero.
  ///
  /// One number with two texts would be one thing under two store keys.
  package init?(canonical text: some StringProtocol) {
    guard let first = text.utf8.first, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
      first != 0x30 || text.utf8.count == 1
    else { return nil }
    self.init(text)
  }
}
