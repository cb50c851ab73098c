/// A text that equals another only when their bytes do.
///
/// `String` takes canonically equivalent texts for equal, stores compare bytes: without this the in-memory form of a
/// store would disagree with the others.
struct ExactText: Hashable, Sendable {
  let string: String

  static func == (lhs: Self, rhs: Self) -> Bool {
    lhs.string.utf8.elementsEqual(rhs.string.utf8)
  }

  func hash(into hasher: inout Hasher) {
    for byte in self.string.utf8 { hasher.combine(byte) }
    hasher.combine(0xFF as UInt8)
  }
}
