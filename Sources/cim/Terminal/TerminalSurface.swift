import CEditline
import DequeModule
import Glibc
import NIOPosix
import Synchronization
import UnixSignals

/// A person's terminal: a line editor below, everything printed above it.
///
/// The editor has a thread of its own, which alone touches the terminal; all else posts to it.
final class TerminalSurface: ChatSurface {
  private enum Order {
    case print(String)
    case interrupt
    case resize
    case resume
    case stop
  }

  let isInteractive = true
  let transcript: Transcript

  private let orders = Mutex<Deque<Order>>([])
  private let wake: WakeUp
  private let inputs: AsyncStream<ChatInput>
  private let inputContinuation: AsyncStream<ChatInput>.Continuation
  private let thread = NIOThreadPool(numberOfThreads: 1)
  private let tasks = Mutex<(editor: Task<Void, Never>?, signals: Task<Void, Never>?)>((nil, nil))

  /// Takes over the process's terminal.
  ///
  /// - Returns: `nil` when standard input or output is no terminal.
  static func open() -> TerminalSurface? {
    guard isatty(STDIN_FILENO) != 0, isatty(STDOUT_FILENO) != 0, let wake = WakeUp() else { return nil }
    return TerminalSurface(wake: wake)
  }

  private init(wake: WakeUp) {
    self.wake = wake
    self.transcript = Transcript(colours: Self.wantsColours)
    (self.inputs, self.inputContinuation) = AsyncStream.makeStream()
    self.thread.start()
    let editor = Task { await self.edit() }
    let signals = Task { await self.watchSignals() }
    self.tasks.withLock { $0 = (editor, signals) }
  }

  func next() async -> ChatInput {
    for await input in self.inputs { return input }
    return .end
  }

  func print(_ text: String) { self.post(.print(text)) }

  func printNotice(_ text: String) { self.post(.print(text)) }

  func close() async {
    self.post(.stop)
    let (editor, signals) = self.tasks.withLock { $0 }
    signals?.cancel()
    await editor?.value
  }

  private func post(_ order: Order) {
    self.orders.withLock { $0.append(order) }
    self.wake.signal()
  }

  /// Runs the editor to its end.
  private func edit() async {
    do {
      try await self.thread.runIfActive { self.runEditor() }
    } catch {
      self.inputContinuation.yield(.end)
    }
    self.inputContinuation.finish()
  }

  /// On the editor's thread.
  private func runEditor() {
    Self.useLocale()
    guard let input = fdopen(STDIN_FILENO, "r"), let output = fdopen(STDOUT_FILENO, "w"),
      let editor = LineEditor(
        input: input, output: output, wake: self.wake.descriptor, onWake: { self.obey($0) })
    else {
      self.inputContinuation.yield(.end)
      return
    }
    while let input = editor.next() {
      switch input {
      case .line(let line): self.inputContinuation.yield(.line(line))
      case .end:
        self.inputContinuation.yield(.end)
        // What is printed from now on is still printed here, until `close`.
        editor.waitForStop()
      }
    }
  }

  /// On the editor's thread: does what was posted.
  private func obey(_ editor: LineEditor) {
    self.wake.reset()
    let orders = self.orders.withLock { orders in
      defer { orders.removeAll() }
      return orders
    }
    for order in orders {
      switch order {
      case .print(let text): editor.print(text)
      case .interrupt: if !editor.discardLine() { self.inputContinuation.yield(.interrupt) }
      case .resize: editor.resize()
      case .resume: editor.resume()
      case .stop: editor.stop()
      }
    }
  }

  private func watchSignals() async {
    let signals = await UnixSignalsSequence(
      trapping: .sigint, .sigterm, .sighup, .sigwinch, .sigcont)
    for await signal in signals {
      switch signal {
      case .sigint: self.post(.interrupt)
      case .sigwinch: self.post(.resize)
      case .sigcont: self.post(.resume)
      default: self.inputContinuation.yield(.interrupt)
      }
    }
  }

  /// Unless the user said no (https://no-color.org), or the terminal has none.
  private static var wantsColours: Bool {
    let isUnwanted = getenv("NO_COLOR").map { $0.pointee != 0 } ?? false
    let isDumb = getenv("TERM").map { strcmp($0, "dumb") == 0 } ?? true
    return !isUnwanted && !isDumb
  }

  /// The terminal's characters: the user's locale, or UTF-8 where there is none, as in most containers.
  private static func useLocale() {
    setlocale(LC_CTYPE, "")
    if strcmp(nl_langinfo(nl_item(CODESET)), "UTF-8") != 0 { setlocale(LC_CTYPE, "C.UTF-8") }
  }
}
