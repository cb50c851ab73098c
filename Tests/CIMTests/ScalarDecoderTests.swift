import Testing

@testable import cim

@Suite struct ScalarDecoderTests {
  private func decode(_ bytes: [UInt8]) -> String {
    var decoder = ScalarDecoder()
    return String(String.UnicodeScalarView(bytes.compactMap { decoder.decode($0) }))
  }

  @Test("Whatever is UTF-8 comes out as it is", arguments: ["plain", "wörld", "漢字", "👩‍👩‍👧", ""])
  func valid(text: String) {
    #expect(self.decode(Array(text.utf8)) == text)
  }

  @Test(
    "What is not UTF-8 spoils nothing that follows",
    arguments: [
      ([0xFF, 0x61], "\u{FFFD}a"), ([0xE6, 0x61], "a"), ([0xE6, 0xBC, 0xC3, 0xA9], "é"),
      ([0x80, 0x61], "\u{FFFD}a"),
      ([0xED, 0xA0, 0x80, 0x61], "\u{FFFD}a"),
    ] as [([UInt8], String)])
  func invalid(bytes: [UInt8], text: String) {
    #expect(self.decode(bytes) == text)
  }
}
