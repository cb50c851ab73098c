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

  private let transcript = Transcript(colours: TerminalSurface.wantsColours)
  private let acquaintances: Acquaintances
  private let lines: LineHistory?
  private let hasLostLines = Mutex(false)

  private let orders = Mutex<Deque<Order>>([])
  private let wake: WakeUp
  private let inputs: AsyncStream<ChatInput>
  private let inputContinuation: AsyncStream<ChatInput>.Continuation
  private let thread = NIOThreadPool(numberOfThreads: 1)
  private let tasks = Mutex<(editor: Task<Void, Never>?, signals: Task<Void, Never>?)>((nil, nil))

  /// Takes over the process's terminal.
  ///
  /// - Parameters:
  ///   - acquaintances: Whose names are completed.
  ///   - lines: The lines that were typed before, to which others are added; `nil` when none are kept beyond the chat.
  /// - Returns: `nil` when standard input or output is no terminal.
  static func open(acquaintances: Acquaintances, lines: LineHistory?) -> TerminalSurface? {
    guard isatty(STDIN_FILENO) != 0, isatty(STDOUT_FILENO) != 0, let wake = WakeUp() else { return nil }
    return TerminalSurface(wake: wake, acquaintances: acquaintances, lines: lines)
  }

  private init(wake: WakeUp, acquaintances: Acquaintances, lines: LineHistory?) {
    self.wake = wake
    self.acquaintances = acquaintances
    self.lines = lines
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

  func show(_ output: ChatOutput) {
    if let text = self.transcript.text(output) { self.post(.print(text)) }
  }

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
        input: input, output: output, wake: self.wake.descriptor, onWake: { self.obey($0) },
        complete: { [acquaintances] in
          Completion($0, users: acquaintances.users, groups: acquaintances.groups)
        })
    else {
      self.inputContinuation.yield(.end)
      return
    }
    self.recall(editor)
    while let input = editor.next() {
      switch input {
      case .line(let line):
        self.keep(line)
        self.inputContinuation.yield(.line(line))
      case .end:
        self.inputContinuation.yield(.end)
        // What is printed from now on is still printed here, until `close`.
        editor.waitForStop()
      }
    }
  }

  /// On the editor's thread: has the arrow keys bring the lines of earlier chats.
  private func recall(_ editor: LineEditor) {
    do throws(FileFailure) {
      for line in try self.lines?.load() ?? [] { editor.remember(line) }
    } catch {
      self.show(.failure("the lines that you typed before can't be read: \(error)", line: nil))
    }
  }

  /// On the editor's thread: keeps a line for later chats.
  private func keep(_ line: String) {
    guard !line.allSatisfy(\.isWhitespace), !self.hasLostLines.withLock(\.self) else { return }
    do throws(FileFailure) {
      try self.lines?.append(line)
    } catch {
      self.hasLostLines.withLock { $0 = true }
      self.show(.failure("the lines that you type can't be kept for later: \(error)", line: nil))
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
