import Foundation
import TestSupport
import Testing

@Suite struct ChildProcessTests {
  @Test("Output and errors are captured apart, and the exit code is told")
  func capturesOutput() async throws {
    let process = try ChildProcess(Command("sh", ["-c", "echo out; echo err >&2; exit 3"]))
    #expect(try await process.waitUntilExit() == .code(3))
    #expect(process.output.text == "out\n")
    #expect(process.errors.text == "err\n")
  }

  @Test("A line is awaited while the process goes on")
  func awaitsLine() async throws {
    let process = try ChildProcess(Command("cat"))
    try process.write("one\ntwo")
    #expect(try await process.output.line(containing: "o") == "one")
    let mark = process.output.end
    try process.write(" and more\n")
    #expect(try await process.output.line(containing: "more", after: mark) == " and more")
    process.closeInput()
    #expect(try await process.waitUntilExit() == .code(0))
  }

  @Test("A child gets its standard streams, and nothing else that is open here")
  func inheritsNothing() async throws {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(socket) }
    let process = try ChildProcess(Command("sh", ["-c", "ls /proc/self/fd"]))
    #expect(try await process.waitUntilExit() == .code(0))
    // The fourth is the directory that `ls` reads.
    #expect(process.output.text == "0\n1\n2\n3\n")
  }

  @Test("Waiting for output that ends without it fails at once, and shows the output")
  func failsAtEnd() async throws {
    let process = try ChildProcess(Command("echo", ["something else"]))
    let failure = await #expect(throws: DeadlineExceeded.self) {
      try await process.output.line(containing: "wanted")
    }
    #expect(failure?.description.contains("something else") == true)
  }

  @Test("Waiting for output that does not come ends with the deadline")
  func failsInTime() async throws {
    let process = try ChildProcess(Command("cat"))
    await #expect(throws: DeadlineExceeded.self) {
      try await process.output.wait(for: "anything", within: .milliseconds(50))
    }
  }

  @Test("A signal ends the process, and is told as the reason")
  func signals() async throws {
    let process = try ChildProcess(Command("cat"))
    process.signal(SIGTERM)
    #expect(try await process.waitUntilExit() == .signal(SIGTERM))
    process.signal(SIGTERM)
  }

  @Test("A process is killed when nobody refers to it any more")
  func killedOnRelease() async throws {
    var process: ChildProcess? = try ChildProcess(Command("sh", ["-c", "trap '' HUP; exec sleep 1000"]))
    let output = try #require(process?.output)
    process = nil
    try await output.waitUntilComplete()
  }

  @Test("A process dies with the one that started it")
  func diesWithParent() async throws {
    // The child of this shell is started as ours are; the shell is killed and can clean nothing up.
    let script = "setpriv --pdeathsig KILL sh -c 'echo ready; exec sleep 1000' & wait"
    let process = try ChildProcess(Command("sh", ["-c", script]))
    try await process.output.line(containing: "ready")
    process.kill()
    // The grandchild held the output open.
    try await process.output.waitUntilComplete()
  }

  @Test("A process on a terminal sees a terminal, its size, and what is typed")
  func terminal() async throws {
    let script =
      "test -t 0 && test -t 1 && test -t 2 && stty size < /dev/tty && read line && echo \"got $line\""
    let process = try ChildProcess(
      Command("sh", ["-c", script], streams: .terminal(columns: 72, rows: 20)))
    try await process.output.wait(for: "20 72")
    try process.write("hello\n")
    try await process.output.wait(for: "got hello")
    #expect(try await process.waitUntilExit() == .code(0))
  }

  @Test("Environment and directory are the command's")
  func environment() async throws {
    let folder = try TemporaryDirectory()
    let process = try ChildProcess(
      Command("sh", ["-c", "pwd; echo $CIM_TEST"], environment: ["CIM_TEST": "yes"], directory: folder.path))
    try await process.waitUntilExit()
    #expect(process.output.text == "\(folder.path)\nyes\n")
  }

  @Test("A missing program is an error that says how to install it")
  func missingProgram() {
    let failure = #expect(throws: MissingProgram.self) { try ChildProcess(Command("no-such-program")) }
    #expect(failure?.description.contains("make setup") == true)
  }
}
