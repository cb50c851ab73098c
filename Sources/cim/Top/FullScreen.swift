import Glibc
import NIOPosix
import Synchronization
import UnixSignals

/// The whole terminal, drawn anew each time; what was on it before comes back at the end.
final class FullScreen: Sendable {
  /// What a person, or the system, wants.
  enum Input: Sendable {
    /// Enough seen.
    case quit
    /// The screen is to be drawn again.
    case redraw
  }

  /// What comes; ends with `close`.
  let inputs: AsyncStream<Input>

  private let continuation: AsyncStream<Input>.Continuation
  private let original: termios
  private let wake: WakeUp
  private let thread = NIOThreadPool(numberOfThreads: 1)
  private let tasks = Mutex<[Task<Void, Never>]>([])

  /// Takes over the process's terminal.
  ///
  /// - Returns: nil when standard input or output is no terminal.
  static func open() -> FullScreen? {
    var state = termios()
    guard isatty(STDOUT_FILENO) != 0, tcgetattr(STDIN_FILENO, &state) == 0, let wake = WakeUp() else {
      return nil
    }
    return FullScreen(state, wake)
  }

  private init(_ original: termios, _ wake: WakeUp) {
    self.original = original
    self.wake = wake
    (self.inputs, self.continuation) = AsyncStream.makeStream()
    self.enter()
    self.thread.start()
    let keys = Task { [thread, continuation] in
      do { try await thread.runIfActive { self.readKeys() } } catch { continuation.yield(.quit) }
    }
    let signals = Task { await self.watchSignals() }
    self.tasks.withLock { $0 = [keys, signals] }
  }

  /// Shows lines from the top; those for which there is no room are left out.
  func draw(_ lines: [String]) {
    let (_, height) = Self.size ?? (80, 24)
    let text = lines.prefix(max(1, height)).map { $0 + "\u{1B}[K" }.joined(separator: "\r\n")
    self.write("\u{1B}[H\(text)\u{1B}[J")
  }

  /// Gives the terminal back as it was.
  func close() async {
    let tasks = self.tasks.withLock { $0 }
    self.wake.signal()
    for task in tasks { task.cancel() }
    for task in tasks { await task.value }
    self.continuation.finish()
    self.write("\u{1B}[?25h\u{1B}[?1049l")
    var original = self.original
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &original)
  }

  /// How many characters and lines standard output has; nil when it is no terminal.
  static var size: (width: Int, height: Int)? {
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
      return nil
    }
    return (Int(size.ws_col), Int(size.ws_row))
  }

  /// Keys come as they are pressed and are not shown; the other screen, without a cursor.
  private func enter() {
    var state = self.original
    state.c_lflag &= ~tcflag_t(ICANON | ECHO)
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &state)
    self.write("\u{1B}[?1049h\u{1B}[?25l")
  }

  private func write(_ text: String) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        self.continuation.yield(.quit)
        return
      }
      bytes = bytes.dropFirst(count)
    }
  }

  /// On a thread of its own, until `close`.
  private func readKeys() {
    var descriptors = [
      pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0),
      pollfd(fd: self.wake.descriptor, events: Int16(POLLIN), revents: 0),
    ]
    while true {
      guard poll(&descriptors, nfds_t(descriptors.count), -1) > 0 || errno == EINTR else { return }
      if descriptors[1].revents != 0 { return }
      guard descriptors[0].revents != 0 else { continue }
      var byte: UInt8 = 0
      let count = read(STDIN_FILENO, &byte, 1)
      // Control-D and the end of input mean the same.
      guard count == 1, ![UInt8(ascii: "q"), UInt8(ascii: "Q"), 4].contains(byte) else {
        self.continuation.yield(.quit)
        return
      }
      self.continuation.yield(.redraw)
    }
  }

  private func watchSignals() async {
    for await signal in await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup, .sigwinch, .sigcont) {
      switch signal {
      case .sigwinch: self.continuation.yield(.redraw)
      case .sigcont:
        self.enter()
        self.continuation.yield(.redraw)
      default: self.continuation.yield(.quit)
      }
    }
  }
}
