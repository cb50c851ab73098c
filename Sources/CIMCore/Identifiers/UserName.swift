/// The name that a user chose: 1 to 64 bytes of UTF-8 without control characters, line separators or `;`.
///
/// Names are equal when their bytes are.
public struct UserName: Hashable, Sendable, CustomStringConvertible {
  private let text: ExactText

  /// Creates a name.
  ///
  /// - Throws: `InvalidIdentifier` when `name` breaks the rule.
  public init(_ name: String) throws(InvalidIdentifier) {
    guard (1...64).contains(name.utf8.count), name.unicodeScalars.allSatisfy(Self.allows) else {
      throw InvalidIdentifier(
        "user name", rule: "1 to 64 bytes of UTF-8 without control characters, line breaks and ';'")
    }
    self.text = ExactText(string: name)
  }

  /// The name as the user wrote it.
  public var rawValue: String { self.text.string }

  public var description: String { self.rawValue }

  private static func allows(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: false
    default: scalar != ";"
    }
  }
}
