import CIMClient
import CIMCore
import Synchronization
import TestSupport

@testable import cim

/// Somebody who chats by a test's orders, and sees text without colours.
final class ScriptedSurface: ChatSurface {
  let isInteractive = true

  private let inputs: AsyncStream<ChatInput>
  private let continuation: AsyncStream<ChatInput>.Continuation
  private let transcript = Transcript(colours: false)
  private let shown = Latest("")
  private let showing = Mutex("")

  init() {
    (self.inputs, self.continuation) = AsyncStream.makeStream()
  }

  /// All that was shown, in lines.
  var text: String { self.showing.withLock(\.self) }

  /// Types lines.
  func type(_ lines: String...) {
    for line in lines { self.continuation.yield(.line(line)) }
  }

  /// Waits until that was shown.
  func sees(_ text: String) async throws {
    try await withDeadline(.seconds(15), "\(text) in:\n\(self.text)") { [shown] in
      for await all in shown.values() where all.contains(text) { return }
    }
  }

  func next() async -> ChatInput {
    for await input in self.inputs { return input }
    return .end
  }

  func show(_ output: ChatOutput) {
    guard let text = self.transcript.text(output) else { return }
    self.showing.withLock { all in
      all += text + "\n"
      self.shown.publish(all)
    }
  }

  func close() async { self.continuation.finish() }
}
