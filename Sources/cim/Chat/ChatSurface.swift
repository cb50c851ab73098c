/// Where a chat takes its lines from and prints to.
protocol ChatSurface: Sendable {
  /// Whether a person sits there: notices are of interest then, and nobody waits for one line before the next.
  var isInteractive: Bool { get }

  /// How to print.
  var transcript: Transcript { get }

  /// The next thing that the user did. `end` once, and for good, when there is no more.
  func next() async -> ChatInput

  /// Prints lines: what people say, and answers.
  func print(_ text: String)

  /// Prints lines about the connection and about what went wrong.
  func printNotice(_ text: String)

  /// Gives back what was taken, after everything was printed.
  func close() async
}

/// What a user does.
enum ChatInput: Hashable, Sendable {
  /// Typed a line.
  case line(String)
  /// Pressed Ctrl-C with nothing typed, or the process was asked to stop.
  case interrupt
  /// There will be no more lines.
  case end
}
