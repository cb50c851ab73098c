import Testing

@testable import cim

@Suite struct InputLayoutTests {
  private func width(_ scalar: Unicode.Scalar) -> Int {
    switch scalar.value {
    case 0..<0x20, 0x7F: -1
    case 0x300..<0x370: 0
    case 0x4E00..<0xA000: 2
    default: 1
    }
  }

  private func layout(_ text: String, cursor: Int? = nil, columns: Int = 10) -> (row: Int, column: Int) {
    let scalars = Array(text.unicodeScalars)
    let layout = InputLayout(scalars, cursor: cursor ?? scalars.count, columns: columns, width: self.width)
    return (layout.row, layout.column)
  }

  @Test(
    "The cursor is where libedit puts it",
    arguments: [
      ("> ", 0, 2),
      ("> 1234567", 0, 9),
      // A full row: libedit goes to the next one at once.
      ("> 12345678", 1, 0),
      ("> 123456789", 1, 1),
      // A wide character that does not fit begins the next row.
      ("> 1234567漢", 1, 2),
      ("> 123456漢", 1, 0),
      ("> 漢字漢字漢", 1, 2),
      // A combining character takes no column.
      ("> e\u{301}", 0, 3),
      // Tabs go to the next multiple of eight, in the row.
      ("> \t", 0, 8),
      ("> \t\t", 1, 0),
      // Control characters are drawn as ^X.
      ("> \u{1}", 0, 4),
    ])
  func cursor(text: String, row: Int, column: Int) {
    #expect(self.layout(text) == (row, column))
  }

  @Test("Only what is left of the cursor counts")
  func leftOfCursor() {
    #expect(self.layout("> 1234567890", cursor: 3) == (0, 3))
    #expect(self.layout("> 1234567漢", cursor: 9) == (1, 0), "on a wide character that moved to the next row")
  }
}
