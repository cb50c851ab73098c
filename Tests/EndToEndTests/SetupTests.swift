import Foundation
import TestSupport
import Testing

@Suite struct SetupTests {
  @Test("Set-up is silent and quick when nothing is missing")
  func silent() async throws {
    let begun = ContinuousClock.now
    let setup = try ChildProcess(Command("\(Repository.root)/.ci/setup"))
    #expect(try await setup.waitUntilExit() == .code(0))
    #expect(ContinuousClock.now - begun < .seconds(2))
    #expect(setup.output.text + setup.errors.text == "")
  }

  @Test("Set-up says in one line what to install when it is not root")
  func needsRoot() async throws {
    let programs = try Programs(["dpkg-query": "exit 1", "id": "echo 1000", "swift": "exit 0"])
    let setup = try ChildProcess(programs.command("\(Repository.root)/.ci/setup", "run"))
    #expect(try await setup.waitUntilExit() == .code(1))
    #expect(setup.errors.text.contains("sudo apt-get install libedit-dev "))
    #expect(setup.errors.text.split(separator: "\n").count == 1)
  }

  @Test("Set-up says in one line that there is no Swift")
  func needsSwift() async throws {
    let programs = try Programs([:])
    let setup = try ChildProcess(programs.command("\(Repository.root)/.ci/setup", "run"))
    #expect(try await setup.waitUntilExit() == .code(1))
    #expect(setup.errors.text.contains("no Swift toolchain"))
    #expect(setup.errors.text.split(separator: "\n").count == 1)
  }

  /// A machine on which only the given programs, and those that every Debian has, are found.
  private struct Programs {
    private let folder: TemporaryDirectory

    init(_ scripts: [String: String]) throws {
      folder = try TemporaryDirectory("programs")
      for (name, script) in scripts {
        let path = try folder.write("#!/bin/sh\n\(script)\n", to: name)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
      }
      for program in ["bash", "dirname", "env", "grep"] {
        let path = Command.path(of: program)!
        try FileManager.default.createSymbolicLink(
          atPath: "\(folder.path)/\(program)", withDestinationPath: path)
      }
    }

    func command(_ executable: String, _ arguments: String...) -> Command {
      Command(executable, arguments, environment: ["PATH": folder.path])
    }
  }
}
