import ArgumentParser
import Logging

/// The terminal, or standard input and output when one of them is none.
func openSurface() -> any ChatSurface {
  TerminalSurface.open() ?? PipeSurface()
}

extension Logger {
  /// Logs as notices of a chat, so that they do not tear the line being typed.
  static func chat(level: Logger.Level, _ surface: any ChatSurface) -> Logger {
    var logger = Logger(label: "cim") { _ in
      LineLogHandler { surface.printNotice(surface.transcript.notice(Transcript.printable($0))) }
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
    case .leftWithRefusals, .failed: throw ExitCode.failure
    case .interrupted: throw ExitCode(128 + 2)
    }
  }
}
