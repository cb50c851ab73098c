import Foundation
import Synchronization

/// A process started by a test, in a session of its own.
///
/// It is killed when the last reference goes, and the kernel kills it when the test process dies, however that may
/// happen. It is only ever signalled by its process id, never after it was reaped.
public final class ChildProcess: Sendable {
  /// How a process ended.
  public enum Exit: Sendable, Equatable {
    case code(Int32)
    case signal(Int32)
  }

  /// The process id.
  public let id: pid_t
  /// What it writes to standard output, or to its terminal.
  public let output = CapturedOutput()
  /// What it writes to standard error; empty for a process on a terminal.
  public let errors = CapturedOutput()

  private let name: String
  private let exit = Observed<Exit?>(nil)
  private let input: Mutex<Int32?>

  /// Starts the process.
  ///
  /// - Throws: `MissingProgram` when the executable is not there, or the error of the system.
  public init(_ command: Command) throws {
    // Writing to a child that has gone is an error to report, not the end of the tests.
    _ = Glibc.signal(SIGPIPE, SIG_IGN)
    let executable = try MissingProgram.path(of: command.executable, package: command.executable)
    let (id, streams) = try SpawningThread.shared.run {
      let streams = try StandardStreams(command.streams)
      defer { streams.closeChildEnds() }
      do {
        return (try Self.spawn(executable, command, streams), streams)
      } catch {
        streams.closeParentEnds()
        throw error
      }
    }
    self.id = id
    name = command.executable
    input = Mutex(streams.input)
    StandardStreams.capture(streams.output, into: output)
    if let descriptor = streams.errors {
      StandardStreams.capture(descriptor, into: errors)
    } else {
      errors.complete()
    }
    Self.reap(id, into: exit)
  }

  deinit {
    kill()
    closeInput()
  }

  /// The exit, once there is one.
  public var exitStatus: Exit? { exit.current }

  /// Whether the process has not ended.
  public var isRunning: Bool { exit.current == nil }

  /// Sends a signal; does nothing when the process has ended.
  public func signal(_ number: Int32) {
    // The lock keeps the id from being reaped, and given to another process, meanwhile.
    exit.update { exit in
      if exit == nil { Glibc.kill(id, number) }
    }
  }

  /// Kills the process; does nothing when it has ended.
  public func kill() { signal(SIGKILL) }

  /// Waits for the end of the process.
  ///
  /// - Throws: `DeadlineExceeded`, showing what the process wrote.
  @discardableResult
  public func waitUntilExit(within limit: Duration = .seconds(15)) async throws -> Exit {
    let (exit, output, errors, name) = (exit, output, errors, name)
    try await withDeadline(limit, "the end of \(name), which wrote:\n\(output.text)\n\(errors.text)") {
      try await exit.wait { $0 != nil }
    }
    try await output.waitUntilComplete()
    try await errors.waitUntilComplete()
    return exit.current!
  }

  /// Asks the process to end (SIGTERM), and kills it when it has not within `limit`.
  @discardableResult
  public func stop(within limit: Duration = .seconds(15)) async throws -> Exit {
    signal(SIGTERM)
    do {
      return try await waitUntilExit(within: limit)
    } catch let timeout as DeadlineExceeded {
      kill()
      throw timeout
    }
  }

  /// Writes to the process's standard input, or types on its terminal.
  ///
  /// - Throws: When the process no longer reads.
  public func write(_ text: String) throws {
    try input.withLock { input in
      guard let input else { throw SystemCallError("write to \(name)", code: EBADF) }
      var rest = Array(text.utf8)[...]
      while !rest.isEmpty {
        let count = try SystemCallError.check("write to \(name)") {
          rest.withUnsafeBytes { Glibc.write(input, $0.baseAddress, $0.count) }
        }
        rest = rest.dropFirst(count)
      }
    }
  }

  /// Ends the process's standard input, or hangs its terminal up.
  public func closeInput() {
    input.withLock { input in
      if let descriptor = input.take() { close(descriptor) }
    }
  }

  /// Starts the child; to be called on the spawning thread.
  private static func spawn(
    _ executable: String, _ command: Command, _ streams: StandardStreams
  ) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    streams.add(to: &actions)
    // NIO's sockets are not close-on-exec: a child that inherits one keeps the connection open after its end here.
    try Self.closeAllButStandardStreams(&actions)

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var (blocked, defaults) = (sigset_t(), sigset_t())
    sigemptyset(&blocked)
    sigfillset(&defaults)
    posix_spawnattr_setsigmask(&attributes, &blocked)
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    // Glibc shows POSIX_SPAWN_SETSID to GNU sources only, which Swift's import of it is not.
    let newSession: Int32 = 0x80
    let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | newSession
    posix_spawnattr_setflags(&attributes, Int16(flags))

    var environment = ProcessInfo.processInfo.environment
    for (name, value) in command.environment { environment[name] = value }
    let directory = command.directory.map { ["env", "--chdir=\($0)"] } ?? []
    let arguments =
      ["setpriv", "--pdeathsig", "KILL", "--"] + directory + [executable] + command.arguments
    let argv = arguments.map { strdup($0) } + [nil]
    let envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { (argv + envp).forEach { free($0) } }

    var id: pid_t = 0
    let setpriv = try MissingProgram.path(of: "setpriv", package: "util-linux")
    let failure = posix_spawn(&id, setpriv, &actions, &attributes, argv, envp)
    guard failure == 0 else { throw SystemCallError("start of \(executable)", code: failure) }
    return id
  }

  /// Has the child begin with the descriptors 0 to 2 only; the actions before this may use others.
  ///
  /// Glibc shows the function to GNU sources only, which Swift's import of it is not.
  private static func closeAllButStandardStreams(_ actions: inout posix_spawn_file_actions_t) throws {
    typealias AddCloseFrom = @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32
    let name = "posix_spawn_file_actions_addclosefrom_np"
    guard let symbol = dlsym(nil, name) else { throw SystemCallError(name, code: ENOSYS) }
    let failure = unsafeBitCast(symbol, to: AddCloseFrom.self)(&actions, 3)
    guard failure == 0 else { throw SystemCallError(name, code: failure) }
  }

  /// Waits on a thread of its own for the child's end.
  private static func reap(_ id: pid_t, into exit: Observed<Exit?>) {
    Thread.detachNewThread {
      var info = siginfo_t()
      // Only looks, so that the id stays the child's until it is reaped under the lock.
      while waitid(P_PID, id_t(id), &info, WEXITED | WNOWAIT) == -1, errno == EINTR {}
      exit.update { exit in
        var status: Int32 = 0
        while waitpid(id, &status, 0) == -1, errno == EINTR {}
        let signal = status & 0x7f
        exit = signal == 0 ? .code((status >> 8) & 0xff) : .signal(signal)
      }
    }
  }
}
