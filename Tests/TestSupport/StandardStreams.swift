import Foundation

/// The file descriptors behind a child's standard streams.
///
/// All are close-on-exec, so that no other child holds an end open.
struct StandardStreams: Sendable {
  /// What the parent writes to and reads from. For a terminal, the master twice; `errors` is nil where there is none to read.
  let input: Int32
  let output: Int32
  let errors: Int32?
  /// What becomes the child's 0, 1 and 2; nil when the child opens `terminal` instead.
  let childEnds: [Int32]?
  /// The path of the pseudo-terminal.
  let terminal: String?

  /// Opens them; to be called on the spawning thread, so that no child is started while they are not yet close-on-exec.
  init(_ streams: Command.Streams) throws {
    switch streams {
    case .pipes:
      let (childInput, input) = try Self.pipe()
      let (output, childOutput) = try Self.pipe()
      let (errors, childErrors) = try Self.pipe()
      self.input = input
      self.output = output
      self.errors = errors
      childEnds = [childInput, childOutput, childErrors]
      terminal = nil
    case .logged(let path):
      let log = try SystemCallError.check("open \(path)") {
        open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
      }
      let (childInput, input) = try Self.pipe()
      let (output, childOutput) = try Self.pipe()
      self.input = input
      self.output = output
      errors = nil
      childEnds = [childInput, childOutput, log]
      terminal = nil
    case .terminal(let columns, let rows):
      let master = try SystemCallError.check("open /dev/ptmx") {
        open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
      }
      var unlocked: Int32 = 0
      try SystemCallError.check("TIOCSPTLCK") { ioctl(master, Self.setLock, &unlocked) }
      var number: UInt32 = 0
      try SystemCallError.check("TIOCGPTN") { ioctl(master, Self.getNumber, &number) }
      var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
      try SystemCallError.check("TIOCSWINSZ") { ioctl(master, UInt(TIOCSWINSZ), &size) }
      input = master
      output = try SystemCallError.check("dup") { fcntl(master, F_DUPFD_CLOEXEC, 0) }
      errors = nil
      childEnds = nil
      terminal = "/dev/pts/\(number)"
    }
  }

  /// TIOCSPTLCK and TIOCGPTN of asm-generic/ioctls.h, whose macros Swift can't import: what unlockpt and ptsname do.
  private static let setLock: UInt = 0x4004_5431
  private static let getNumber: UInt = 0x8004_5430

  private static func pipe() throws -> (read: Int32, write: Int32) {
    var ends: [Int32] = [-1, -1]
    try SystemCallError.check("pipe") { Glibc.pipe(&ends) }
    for end in ends { try SystemCallError.check("fcntl") { fcntl(end, F_SETFD, FD_CLOEXEC) } }
    return (ends[0], ends[1])
  }

  /// Tells posix_spawn to make the child's ends its 0, 1 and 2.
  func add(to actions: inout posix_spawn_file_actions_t) {
    if let childEnds {
      for (target, source) in childEnds.enumerated() {
        posix_spawn_file_actions_adddup2(&actions, source, Int32(target))
      }
    } else if let terminal {
      // The child leads a session of its own, so the terminal it opens first becomes its controlling one.
      posix_spawn_file_actions_addopen(&actions, 0, terminal, O_RDWR, 0)
      posix_spawn_file_actions_adddup2(&actions, 0, 1)
      posix_spawn_file_actions_adddup2(&actions, 0, 2)
    }
  }

  func closeChildEnds() { childEnds?.forEach { close($0) } }

  func closeParentEnds() {
    close(input)
    close(output)
    if let errors { close(errors) }
  }

  /// Reads `descriptor` on a thread of its own until its end, and closes it.
  static func capture(_ descriptor: Int32, into output: CapturedOutput) {
    Thread.detachNewThread {
      var buffer = [UInt8](repeating: 0, count: 64 * 1024)
      // A pseudo-terminal whose other side has gone answers EIO: its end of file.
      while let count = try? SystemCallError.check("read", { read(descriptor, &buffer, buffer.count) }),
        count > 0
      {
        output.append(buffer[..<count])
      }
      close(descriptor)
      output.complete()
    }
  }
}
