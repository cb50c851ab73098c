import ArgumentParser
import Logging

/// The terminal, or standard input and output when one of them is none, or when a script reads.
///
/// - Parameters:
///   - isJSON: Whether a script reads.
///   - acquaintances: Whose names are completed.
///   - lines: The lines that were typed before; `nil` when none are kept beyond the chat.
func openSurface(isJSON: Bool, acquaintances: Acquaintances, lines: LineHistory?) -> any ChatSurface {
  if isJSON { return PipeSurface(format: .json) }
  return TerminalSurface.open(acquaintances: acquaintances, lines: lines) ?? PipeSurface(format: .text)
}

extension Logger {
  /// Logs as notices of a chat, so that they do not tear the line being typed.
  static func chat(level: Logger.Level, _ surface: any ChatSurface) -> Logger {
    var logger = Logger(label: "cim") { _ in
      LineLogHandler { surface.show(.log($0)) }
    }
    logger.logLevel = level
    return logger
  }
}

extension ChatSession.Outcome {
  /// Ends the command accordingly. What went wrong has been printed.
  func exit() throws {
    switch self {
    case .left: break
    case .leftWithFailures, .failed: throw ExitCode.failure
    case .interrupted: throw ExitCode(128 + 2)
    }
  }
}
