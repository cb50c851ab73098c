import Glibc
import NIOPosix

/// Standard input and output that are no terminal: lines in, lines out, notices to standard error. No prompt, no colours.
struct PipeSurface: ChatSurface {
  let isInteractive = false
  let transcript = Transcript(colours: false)

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

  func print(_ text: String) { Self.write(text, to: STDOUT_FILENO) }

  func printNotice(_ text: String) { Self.write(text, to: STDERR_FILENO) }

  func close() async {}

  /// Writes at once, past any buffer, so that whoever reads sees each line when it happens.
  private static func write(_ text: String, to descriptor: Int32) {
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
