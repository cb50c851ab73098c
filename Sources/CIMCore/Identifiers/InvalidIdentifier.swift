/// A text that is no valid identifier, and what a valid one looks like.
///
/// It carries no copy of the text: that came from outside and can be of any length.
public struct InvalidIdentifier: Error, Hashable, Sendable, CustomStringConvertible {
  /// What the text was to be, such as "device id".
  public let what: String

  /// What a valid one is, such as "1 to 64 bytes of [0-9A-Za-z_-]".
  public let rule: String

  /// Creates an error.
  public init(_ what: String, rule: String) {
    self.what = what
    self.rule = rule
  }

  public var description: String { "not a valid \(self.what): it must be \(self.rule)" }
}
