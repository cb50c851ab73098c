/// Where the cursor of an input line is on the screen: the same rules by which libedit draws the line, so that what it
/// drew can be erased.
struct InputLayout {
  private static let tab: Unicode.Scalar = "\t"

  /// How many columns the terminal has; at least 2.
  private let columns: Int
  /// How many columns a character takes; negative for one that can't be printed.
  private let width: (Unicode.Scalar) -> Int

  /// The cursor's row, counted from the row in which the prompt begins.
  private(set) var row = 0
  /// The cursor's column, from 0.
  private(set) var column = 0

  /// Lays a line out.
  ///
  /// - Parameters:
  ///   - text: The prompt and the line.
  ///   - cursor: How many characters of the text are left of the cursor.
  ///   - columns: How many columns the terminal has.
  ///   - width: How many columns a character takes, as `wcwidth` tells.
  init(
    _ text: some Collection<Unicode.Scalar>, cursor: Int, columns: Int,
    width: @escaping (Unicode.Scalar) -> Int
  ) {
    self.columns = max(2, columns)
    self.width = width
    for scalar in text.prefix(cursor) { self.draw(scalar) }
    if let next = text.dropFirst(cursor).first, self.column + width(next) > self.columns {
      // A wide character at the cursor does not fit: it begins the next row, and the cursor is there.
      self.wrap()
    }
  }

  private mutating func draw(_ scalar: Unicode.Scalar) {
    switch scalar {
    case Self.tab:
      repeat { self.advance(by: 1) } while self.column % 8 != 0
    case "\n":
      self.column = 0
      self.row += 1
    default:
      let width = self.width(scalar)
      if width >= 0 {
        self.advance(by: width)
      } else {
        for _ in 0..<Self.visibleWidth(scalar) { self.advance(by: 1) }
      }
    }
  }

  private mutating func advance(by width: Int) {
    if self.column + width > self.columns { self.wrap() }
    self.column += width
    if self.column >= self.columns { self.wrap() }
  }

  private mutating func wrap() {
    self.column = 0
    self.row += 1
  }

  /// What libedit draws for a character that can't be printed: `^X`, or `\U+1234`.
  private static func visibleWidth(_ scalar: Unicode.Scalar) -> Int {
    if scalar.value < 0x20 || scalar.value == 0x7F { return 2 }
    return scalar.value > 0xFFFF ? 8 : 7
  }
}
