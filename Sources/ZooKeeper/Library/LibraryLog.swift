import CZooKeeper
import Logging

/// What the C library has to say, passed on to swift-log instead of standard error.
///
/// It repeats itself with every attempt to connect; the client says by itself what an operator has to know. So it goes to
/// the levels for developers.
enum LibraryLog {
  private static let logger = Logger(label: "zookeeper.library")

  /// Has the library make no lines that nobody reads.
  static func setLevel() {
    zoo_set_debug_level(Self.logger.logLevel == .trace ? ZOO_LOG_LEVEL_INFO : ZOO_LOG_LEVEL_WARN)
  }

  /// Passes on a line such as `2024-05-01 10:00:00,000:7(0x7f):ZOO_WARN@zookeeper_interest@2536: text`.
  static func write(_ line: String) {
    let text = line.split(separator: "@", maxSplits: 2).last.map(String.init) ?? line
    Self.logger.log(level: line.contains(":ZOO_INFO@") ? .trace : .debug, "\(text)")
  }
}
