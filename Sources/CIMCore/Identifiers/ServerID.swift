/// A server's or a route's name among the running ones, such as a pod's name. It stays across restarts.
public struct ServerID: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// 1 to 64 bytes of `[0-9A-Za-z_.-]`, the first a letter or a digit.
  public let rawValue: String

  /// Creates an id.
  ///
  /// - Throws: `InvalidIdentifier` unless `text` is 1 to 64 bytes of `[0-9A-Za-z_.-]` and begins with a letter or a
  ///   digit.
  public init(_ text: String) throws(InvalidIdentifier) {
    // The first byte is limited because ZooKeeper takes no node named "." or "..".
    guard (1...Word.maxBytes).contains(text.utf8.count),
      text.utf8.allSatisfy({ Word.contains($0) || $0 == UInt8(ascii: ".") }),
      let first = text.utf8.first, Word.contains(first), !"_-".utf8.contains(first)
    else {
      throw InvalidIdentifier(
        "server id",
        rule: "1 to \(Word.maxBytes) bytes of [0-9A-Za-z_.-], the first a letter or a digit")
    }
    self.rawValue = text
  }

  public var description: String { self.rawValue }

  public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}
