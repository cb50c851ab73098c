/// The counters that a route or a server writes to its log from time to time.
public enum StatisticsLog {
  /// The message of the lines that have them.
  static let message = "statistics"

  /// The counters of the last such line; empty when there is none.
  ///
  /// - Parameter log: All that one process has logged.
  public static func last(in log: String) -> [String: Int] {
    for line in log.split(whereSeparator: \.isNewline).reversed() where line.hasSuffix(Self.message) {
      return Self.counters(of: line)
    }
    return [:]
  }

  private static func counters(of line: Substring) -> [String: Int] {
    var counters: [String: Int] = [:]
    for word in line.split(separator: " ") {
      let parts = word.split(separator: "=", maxSplits: 1)
      if parts.count == 2, let value = Int(parts[1]) { counters[String(parts[0])] = value }
    }
    return counters
  }
}
