/// Where a chat takes its lines from and shows things.
protocol ChatSurface: Sendable {
  /// Whether a person sits there: nobody waits for one line before the next then.
  var isInteractive: Bool { get }

  /// The next thing that the user did. `end` once, and for good, when there is no more.
  func next() async -> ChatInput

  /// Shows something, if it is worth showing there.
  func show(_ output: ChatOutput)

  /// Gives back what was taken, after everything was shown.
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
