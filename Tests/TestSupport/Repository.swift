import Foundation

/// Where the tests find what they run.
public enum Repository {
  /// The absolute path of the package.
  public static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  /// The absolute path of an executable that was built along with the tests.
  public static func product(_ name: String) -> String {
    URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent().appendingPathComponent(name).path
  }

  public static let cim = product("cim")

  /// What stands in one of the package's files.
  ///
  /// - Parameter path: below the package.
  public static func text(of path: String) throws -> String {
    try String(contentsOfFile: "\(root)/\(path)", encoding: .utf8)
  }

  /// A command that runs one of Tests/Python.
  public static func python(_ script: String, _ arguments: String...) throws -> Command {
    let python = "\(root)/.venv/bin/python"
    guard FileManager.default.isExecutableFile(atPath: python) else {
      throw MissingPython(description: "\(python) is missing: run `make setup`")
    }
    return Command(python, ["\(root)/Tests/Python/\(script)"] + arguments, directory: root)
  }
}

public struct MissingPython: Error, CustomStringConvertible {
  public let description: String
}
