import Logging

/// Keeps what is logged.
struct RecordedLog {
  struct Line {
    let level: Logger.Level
    let message: String
    let metadata: Logger.Metadata
  }

  let lines = Journal<Line>()

  /// Logs here what is of `level` at least.
  func logger(_ level: Logger.Level = .trace) -> Logger {
    var logger = Logger(label: "recorded") { [lines] _ in Handler(lines: lines) }
    logger.logLevel = level
    return logger
  }

  private struct Handler: LogHandler {
    let lines: Journal<Line>
    var logLevel = Logger.Level.trace
    var metadata = Logger.Metadata()

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      lines.append(
        Line(level: event.level, message: "\(event.message)", metadata: event.metadata ?? [:]))
    }
  }
}
