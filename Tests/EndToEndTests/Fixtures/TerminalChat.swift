import TestSupport
import Testing

/// `cim chat` on a pseudo-terminal, with somebody who types and reads.
final class TerminalChat: Sendable {
  let process: ChildProcess
  /// The user's id.
  let id: UInt64
  /// The server it was connected to first.
  let server: String

  /// Where the chat keeps what it must know when the user comes back.
  private let state: TemporaryDirectory

  /// Starts the program and waits until it is in the chat.
  ///
  /// - Parameters:
  ///   - previous: The user's chat before this one, for one who comes back.
  ///   - colours: Whether the terminal shows colours.
  init(
    as name: String, route: CimProcess, after previous: TerminalChat? = nil, colours: Bool = false
  ) async throws {
    state = try previous?.state ?? TemporaryDirectory()
    process = try ChildProcess(
      Command(
        Repository.cim, ["chat", "--name", name, "--route", route.address],
        environment: ["TERM": "xterm", "NO_COLOR": colours ? nil : "1", "XDG_STATE_HOME": state.path],
        streams: .terminal(columns: 100, rows: 30)))
    let line = try await process.output.line(containing: "connected to server", within: .seconds(30))
    let words = try #require(line.firstMatch(of: /connected to server (\S+) as \S+ \((\d+)\)/), "\(line)")
    server = String(words.1)
    id = try #require(UInt64(words.2))
  }

  /// All that the terminal has shown.
  var screen: String { process.output.text }

  /// Types a line.
  func type(_ line: String) throws { try process.write("\(line)\n") }

  /// Types a line, and waits until the terminal shows `text`.
  func does(_ line: String, sees text: String) async throws {
    try await presses("\(line)\n", sees: text)
  }

  /// Presses keys, and waits until the terminal shows `text`.
  func presses(_ keys: String, sees text: String) async throws {
    let mark = process.output.end
    try process.write(keys)
    try await sees(text, after: mark)
  }

  /// Waits until the terminal shows `text`.
  func sees(_ text: String, after mark: CapturedOutput.Mark = .start) async throws {
    try await process.output.wait(for: text, after: mark)
  }

  /// Waits until the program says that it is connected again, to `server`.
  func isBack(on server: String) async throws {
    try await process.output.wait(for: "back: connected to server \(server)", within: .seconds(30))
  }
}
