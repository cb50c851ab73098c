/// The counters that a route or a server writes to its log from time to time.
public enum StatisticsLog {
  /// The message of the lines that have them.
  static let message = "statistics"

  /// The counters of the last such line; empty when there is none.
  ///
  /// - Parameter log: All that one process has logged.
  public static func last(in log: String) -> [String: Int] {
    log.split(whereSeparator: \.isNewline).last { $0.hasSuffix(Self.message) }.map(Self.counters) ?? [:]
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
