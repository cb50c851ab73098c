import CIMCore
import Logging
import NgRPC

/// What others on the network can reach: a Unix domain socket is not.
private func tcp(_ text: String) -> Endpoint? {
  let endpoint = try? Endpoint(parsing: text)
  return endpoint?.unixDomainSocketPath == nil ? endpoint : nil
}

extension Setting where Value == Endpoint {
  /// An address: a host name or an IP address, and a port.
  static func address(
    _ key: String, of command: String? = nil, _ summary: String, fallback: String? = nil
  ) -> Self {
    Self(
      key, of: command, "host:port", summary,
      rule: "an address of the form host:port, such as 127.0.0.1:7400",
      fallback: fallback, parse: { tcp($0) })
  }
}

extension Setting where Value == [Endpoint] {
  /// Addresses, separated by commas.
  static func addresses(
    _ key: String, of command: String? = nil, _ summary: String, fallback: String? = nil
  ) -> Self {
    Self(
      key, of: command, "host:port", summary, rule: "addresses of the form host:port, separated by commas",
      fallback: fallback,
      parse: { text in
        let addresses = text.split(separator: ",", omittingEmptySubsequences: false)
          .map { tcp(String($0.trimmingSpaces)) }
        return addresses.contains(nil) ? nil : addresses.compactMap(\.self)
      })
  }
}

extension Setting where Value == Duration {
  /// A time of at least 1 ms.
  static func duration(_ key: String, of command: String? = nil, _ summary: String, fallback: String) -> Self
  {
    Self(
      key, of: command, "time", summary, rule: "a time such as 500ms, 30s or 2m", fallback: fallback,
      parse: { Duration(text: $0) })
  }
}

extension Setting where Value == Int {
  /// A whole number within bounds.
  static func number(
    _ key: String, of command: String? = nil, _ summary: String, in range: ClosedRange<Int>, fallback: String
  ) -> Self {
    Self(
      key, of: command, "number", summary,
      rule: "a whole number from \(range.lowerBound) to \(range.upperBound)", fallback: fallback,
      parse: { Int($0).flatMap { range.contains($0) ? $0 : nil } })
  }
}

extension Setting where Value == ServerID {
  /// A name among the running servers or routes.
  static func identifier(_ key: String, of command: String? = nil, _ summary: String, fallback: String)
    -> Self
  {
    Self(
      key, of: command, "id", summary,
      rule: "1 to 64 characters of letters, digits, '-', '_' and '.', the first a letter or a digit",
      fallback: fallback, parse: { try? ServerID($0) })
  }
}

extension Setting where Value: RawRepresentable<String> & CaseIterable {
  /// One of a few names.
  static func oneOf(
    _ key: String, of command: String? = nil, _ summary: String, as type: Value.Type, fallback: Value
  ) -> Self {
    Self(
      key, of: command, "name", summary,
      rule: "one of " + type.allCases.map(\.rawValue).joined(separator: ", "),
      fallback: fallback.rawValue, parse: { Value(rawValue: $0) })
  }
}

extension Setting where Value == Logger.Level {
  /// How much is logged.
  static func level(_ key: String, _ summary: String, fallback: String) -> Self {
    Self(
      key, "level", summary,
      rule: "one of " + Logger.Level.allCases.map(\.rawValue).joined(separator: ", "), fallback: fallback,
      parse: { Logger.Level(rawValue: $0.lowercased()) })
  }
}

extension Duration {
  /// Parses a whole number of at least 1 with its unit: `ms`, `s`, `m` or `h`.
  init?(text: String) {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let number = Int64(digits), number >= 1, number <= 1_000_000_000 else { return nil }
    switch text.dropFirst(digits.count) {
    case "ms": self = .milliseconds(number)
    case "s": self = .seconds(number)
    case "m": self = .seconds(number * 60)
    case "h": self = .seconds(number * 3600)
    default: return nil
    }
  }
}

extension StringProtocol {
  /// Without the spaces at both ends.
  var trimmingSpaces: SubSequence {
    let start = self.drop(while: { $0 == " " })
    return start.lastIndex(where: { $0 != " " }).map { start[...$0] }
      ?? start[start.startIndex..<start.startIndex]
  }
}
