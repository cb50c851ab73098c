import Glibc
import NIOPosix
import Synchronization

/// Standard input and output that are no terminal: lines in, lines out. No prompt, no colours.
final class PipeSurface: ChatSurface {
  /// What the lines are that come out.
  enum Format: Hashable, Sendable {
    /// What people say, and answers; notices go to standard error.
    case text
    /// Everything, each as a JSON object.
    case json
  }

  let isInteractive = false

  private let format: Format
  private let transcript = Transcript(colours: false)
  /// Whoever has it writes: lines never mix.
  private let writing = Mutex(())

  init(format: Format) {
    self.format = format
  }

  /// Reads the next line; reading blocks, so it is done on a thread for that.
  func next() async -> ChatInput {
    do {
      let line = try await NIOThreadPool.singleton.runIfActive { readLine(strippingNewline: true) }
      return line.map(ChatInput.line) ?? .end
    } catch {
      // Only a pool that is shut down throws: the process is ending.
      return .end
    }
  }

  func show(_ output: ChatOutput) {
    switch (self.format, output) {
    case (.json, .log), (.text, _):
      guard let text = self.transcript.text(output) else { return }
      self.write(text, to: output.isNotice ? STDERR_FILENO : STDOUT_FILENO)
    case (.json, _):
      guard let json = output.json else { return }
      self.write(json.description, to: STDOUT_FILENO)
    }
  }

  func close() async {}

  /// Writes at once, past any buffer, so that whoever reads sees each line when it happens.
  private func write(_ text: String, to descriptor: Int32) {
    self.writing.withLock { _ in
      var bytes = Array((text + "\n").utf8)[...]
      while !bytes.isEmpty {
        let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        if count > 0 {
          bytes = bytes.dropFirst(count)
        } else if errno != EINTR {
          // Nobody reads any more.
          return
        }
      }
    }
  }
}
