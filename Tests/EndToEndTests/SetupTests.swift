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
    let programs = try Programs(["dpkg-query": "false", "id": "true", "swift": "true"])
    let setup = try ChildProcess(programs.command("\(Repository.root)/.ci/setup", "run"))
    #expect(try await setup.waitUntilExit() == .code(1))
    #expect(setup.errors.text.contains("sudo apt-get install libedit-dev "))
    #expect(setup.errors.text.split(separator: "\n").count == 1, "\(setup.errors.text)")
  }

  @Test("Set-up says in one line that there is no Swift")
  func needsSwift() async throws {
    let programs = try Programs([:])
    let setup = try ChildProcess(programs.command("\(Repository.root)/.ci/setup", "run"))
    #expect(try await setup.waitUntilExit() == .code(1))
    #expect(setup.errors.text.contains("no Swift toolchain"))
    #expect(setup.errors.text.split(separator: "\n").count == 1, "\(setup.errors.text)")
  }

  /// A machine on which only the given programs are found, and those that every Debian has.
  private struct Programs {
    private let folder: TemporaryDirectory

    /// - Parameter standIns: The programs, each with the one that runs in its place.
    init(_ standIns: [String: String]) throws {
      folder = try TemporaryDirectory("programs")
      let programs = standIns.merging(["bash", "dirname", "env", "grep"].map { ($0, $0) }) { $1 }
      for (name, target) in programs {
        try FileManager.default.createSymbolicLink(
          atPath: "\(folder.path)/\(name)", withDestinationPath: try #require(Command.path(of: target)))
      }
    }

    func command(_ executable: String, _ arguments: String...) -> Command {
      Command(executable, arguments, environment: ["PATH": folder.path])
    }
  }
}
