import CEditline
import Glibc

/// The line being typed: libedit's editor in unbuffered mode, which returns after every key.
///
/// While it waits for a key it also waits for a wake-up, and lets its owner print: the line is erased, the text printed,
/// and the line drawn again with the cursor where it was. So a line is never torn, not even in the middle of a key
/// that sends several bytes.
///
/// It belongs to the thread that made it; nothing here is safe from another.
final class LineEditor {
  /// What the user did.
  enum Input: Equatable {
    /// Typed a line, without its line break.
    case line(String)
    /// Pressed Ctrl-D on an empty line, or hung up.
    case end
  }

  private static let prompt: [Unicode.Scalar] = [">", " "]
  /// How many candidates of a word are listed.
  private static let candidatesListed = 30
  private static let controlD: wchar_t = 4
  private static let lineBreaks: [wchar_t] = [10, 13]

  private let editor: OpaquePointer
  private let history: OpaquePointer
  private let prompt: UnsafeMutablePointer<wchar_t>
  private let input: Int32
  private let output: UnsafeMutablePointer<FILE>
  private let wake: Int32
  private let canMoveCursor: Bool
  private var onWake: (LineEditor) -> Void
  private let complete: (String) -> Completion
  private var hasStopped = false
  private var hasHungUp = false
  private var decoder = ScalarDecoder()
  private var unread: ArraySlice<UInt8> = []

  /// Takes over a terminal and draws the prompt.
  ///
  /// - Parameters:
  ///   - input: The terminal, for reading.
  ///   - output: The terminal, for writing.
  ///   - wake: A descriptor that becomes readable when the owner wants to print; the owner empties it.
  ///   - onWake: Called then, while `next` waits.
  ///   - complete: What the end of what is left of the cursor can become, when the user presses the tabulator key.
  /// - Returns: `nil` when libedit can't work with this terminal.
  init?(
    input: UnsafeMutablePointer<FILE>, output: UnsafeMutablePointer<FILE>, wake: Int32,
    onWake: @escaping (LineEditor) -> Void, complete: @escaping (String) -> Completion
  ) {
    guard let history = history_winit() else { return nil }
    guard let editor = el_init("cim", input, output, output) else {
      history_wend(history)
      return nil
    }
    self.editor = editor
    self.history = history
    self.input = fileno(input)
    self.output = output
    self.wake = wake
    self.onWake = onWake
    self.complete = complete
    self.canMoveCursor = getenv("TERM").map { strcmp($0, "dumb") != 0 } ?? false
    let characters = Self.prompt.map { wchar_t($0.value) } + [0]
    self.prompt = .allocate(capacity: characters.count)
    self.prompt.initialize(from: characters, count: characters.count)

    cim_el_set_client_data(editor, Unmanaged.passUnretained(self).toOpaque())
    cim_el_set_prompt(editor) { editor in editor.flatMap(LineEditor.of)?.prompt }
    cim_el_set_reader(editor) { editor, character in
      guard let character, let scalar = editor.flatMap(LineEditor.of)?.readScalar() else { return 0 }
      character.pointee = wchar_t(scalar.value)
      return 1
    }
    cim_history_limit(history, Int32(LineHistory.limit))
    cim_el_use_history(editor, history)
    self.run("bind", "-e")
    cim_el_add_completion(editor) { editor, _ in
      editor.flatMap(LineEditor.of)?.completeWord() ?? UInt8(CC_ERROR)
    }
    self.run("bind", "^I", "cim-complete")
    // The user's own ~/.editrc has the last word.
    el_source(editor, nil)
    cim_el_set_unbuffered(editor, 1)
  }

  /// Erases the line and gives the terminal back.
  deinit {
    self.erase()
    fflush(self.output)
    cim_el_set_unbuffered(self.editor, 0)
    el_end(self.editor)
    history_wend(self.history)
    self.prompt.deallocate()
  }

  /// Waits for the user.
  ///
  /// - Returns: `nil` after `stop`.
  func next() -> Input? {
    while !self.hasStopped {
      var count: Int32 = 0
      let line = UnsafeBufferPointer(start: el_wgets(self.editor, &count), count: Int(max(0, count)))
      if self.hasStopped { break }
      if let last = line.last, Self.lineBreaks.contains(last) {
        let text = Self.text(line.dropLast())
        if !text.isEmpty { cim_history_enter(self.history, line.baseAddress) }
        self.beginLine()
        return .line(text)
      }
      if self.hasHungUp { return .end }
      if line.count == 1, line[0] == Self.controlD {
        // libedit leaves the key in the line.
        self.erase()
        self.beginLine()
        return .end
      }
    }
    return nil
  }

  /// Takes no more keys, and lets the owner print until `stop`.
  func waitForStop() {
    while !self.hasStopped {
      var descriptor = pollfd(fd: self.wake, events: Int16(POLLIN), revents: 0)
      if poll(&descriptor, 1, -1) > 0 { self.onWake(self) }
    }
  }

  /// Makes `next` and `waitForStop` return; for use in `onWake`.
  func stop() {
    self.hasStopped = true
  }

  /// Has the arrow keys bring a line, as if it had been typed.
  func remember(_ line: String) {
    cim_history_enter(self.history, Self.characters(line + "\n"))
  }

  /// Prints above the line; for use in `onWake`.
  ///
  /// - Parameter text: Whole lines, the last one without its line break.
  func print(_ text: String) {
    self.erase()
    fputs(text, self.output)
    fputs("\n", self.output)
    cim_el_refresh(self.editor)
  }

  /// Throws away what is typed; for use in `onWake`.
  ///
  /// - Returns: false when nothing was typed.
  func discardLine() -> Bool {
    guard !self.typed.text.isEmpty else { return false }
    self.erase()
    self.beginLine()
    return true
  }

  /// The terminal's size changed; for use in `onWake`.
  func resize() {
    self.erase(afterResize: true)
    el_resize(self.editor)
    cim_el_refresh(self.editor)
  }

  /// The process runs again after it was suspended; for use in `onWake`.
  func resume() {
    // Whoever had the terminal meanwhile left it in another mode, which libedit does not know.
    cim_el_set_raw(self.editor, 0)
    cim_el_set_raw(self.editor, 1)
    cim_el_refresh(self.editor)
  }
}

extension LineEditor {
  private static func of(_ editor: OpaquePointer) -> LineEditor? {
    cim_el_client_data(editor).map { Unmanaged<LineEditor>.fromOpaque($0).takeUnretainedValue() }
  }

  private static func text(_ characters: some Collection<wchar_t>) -> String {
    var text = String.UnicodeScalarView()
    for character in characters {
      text.append(Unicode.Scalar(UInt32(bitPattern: character)) ?? "\u{FFFD}")
    }
    return String(text)
  }

  /// As libedit takes them, with a zero at the end.
  private static func characters(_ text: String) -> [wchar_t] {
    text.unicodeScalars.map { wchar_t($0.value) } + [0]
  }

  private func run(_ command: String...) {
    let arguments = command.map { strdup($0) }
    defer { arguments.forEach { free($0) } }
    var pointers = arguments.map { UnsafePointer($0) }
    el_parse(self.editor, Int32(pointers.count), &pointers)
  }

  /// What is typed, and how many characters of it are left of the cursor.
  private var typed: (text: [Unicode.Scalar], cursor: Int) {
    guard let line = el_wline(self.editor)?.pointee, let start = line.buffer else { return ([], 0) }
    let text = UnsafeBufferPointer(start: start, count: line.lastchar - start)
    return (text.map { Unicode.Scalar(UInt32(bitPattern: $0)) ?? "\u{FFFD}" }, line.cursor - start)
  }

  /// The tabulator key was pressed: completes the word at the cursor as far as it is clear, or else lists what it can be.
  ///
  /// - Returns: what libedit is to do.
  private func completeWord() -> UInt8 {
    let (text, cursor) = self.typed
    let left = text.prefix(cursor)
    // Of a text that is pasted, or indented, it is a part.
    guard self.unread.isEmpty, !left.allSatisfy(\.properties.isWhitespace) else { return self.insert("\t") }
    let completion = self.complete(String(String.UnicodeScalarView(left)))
    if let replacement = completion.replacement {
      el_deletestr(self.editor, Int32(completion.word.unicodeScalars.count))
      return self.insert(replacement)
    }
    guard completion.candidates.count > 1 else { return UInt8(CC_REFRESH_BEEP) }
    let labels = completion.candidates.prefix(Self.candidatesListed).map { Transcript.printable($0.label) }
    let more = completion.candidates.count > labels.count ? ["… \(completion.candidates.count) in all"] : []
    self.print((labels + more).joined(separator: "   "))
    return UInt8(CC_REFRESH)
  }

  private func insert(_ text: String) -> UInt8 {
    // There is no room in the line: nothing was inserted.
    guard el_winsertstr(self.editor, Self.characters(text)) == 0 else { return UInt8(CC_REFRESH_BEEP) }
    return UInt8(CC_REFRESH)
  }

  /// An empty line, below what is on the screen.
  private func beginLine() {
    // Leaving unbuffered mode would give the terminal back for a moment, and what is pasted meanwhile would be echoed.
    // An editor that does not edit leaves the terminal alone.
    cim_el_set_editing(self.editor, 0)
    cim_el_set_unbuffered(self.editor, 0)
    cim_el_set_editing(self.editor, 1)
    cim_el_set_unbuffered(self.editor, 1)
  }

  /// Takes prompt and line from the screen; the cursor is where the prompt began.
  private func erase(afterResize: Bool = false) {
    guard self.canMoveCursor else {
      fputs("\n", self.output)
      return
    }
    let (text, cursor) = self.typed
    let layout = InputLayout(
      Self.prompt + text, cursor: Self.prompt.count + cursor, columns: self.columns,
      width: { Int(wcwidth(wchar_t($0.value))) })
    // A terminal that rearranges its rows leaves the cursor behind a row that is full now; libedit puts it below.
    let row = afterResize && layout.column == 0 ? layout.row - 1 : layout.row
    if row > 0 { fputs("\u{1B}[\(row)A", self.output) }
    fputs("\r\u{1B}[J", self.output)
  }

  private var columns: Int {
    var size = winsize()
    guard ioctl(self.input, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  /// The next character that was typed; `nil` when there will be none.
  private func readScalar() -> Unicode.Scalar? {
    while !self.hasStopped {
      while let byte = self.unread.popFirst() {
        if let scalar = self.decoder.decode(byte) { return scalar }
      }
      self.waitForInput()
      if self.hasHungUp { return nil }
    }
    return nil
  }

  private func waitForInput() {
    var descriptors = [
      pollfd(fd: self.input, events: Int16(POLLIN), revents: 0),
      pollfd(fd: self.wake, events: Int16(POLLIN), revents: 0),
    ]
    guard poll(&descriptors, nfds_t(descriptors.count), -1) > 0 else { return }
    if descriptors[1].revents != 0 { self.onWake(self) }
    if descriptors[0].revents != 0, !self.hasStopped { self.fill() }
  }

  private func fill() {
    var bytes = [UInt8](repeating: 0, count: 1024)
    let count = read(self.input, &bytes, bytes.count)
    if count > 0 {
      self.unread = bytes[..<count]
    } else if count == 0 || (errno != EINTR && errno != EAGAIN) {
      self.hasHungUp = true
    }
  }
}
