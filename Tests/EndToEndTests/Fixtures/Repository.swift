import Foundation
import TestSupport

/// Where the tests find what they run.
enum Repository {
  /// The absolute path of the package.
  static let root = URL(fileURLWithPath: "\(#filePath)/../../../..").standardizedFileURL.path

  /// The executable that was built along with the tests.
  static let cim = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent().appendingPathComponent("cim").path

  /// A command that runs one of Tests/Python.
  static func python(_ script: String, _ arguments: String...) throws -> Command {
    let python = "\(root)/.venv/bin/python"
    guard FileManager.default.isExecutableFile(atPath: python) else {
      throw MissingPython(description: "\(python) is missing: run `make setup`")
    }
    return Command(python, ["\(root)/Tests/Python/\(script)"] + arguments, directory: root)
  }
}

struct MissingPython: Error, CustomStringConvertible {
  let description: String
}
