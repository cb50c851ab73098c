import Foundation

/// How to start a child process.
public struct Command: Sendable {
  /// What the child's standard streams are.
  public enum Streams: Sendable {
    /// A pipe each; standard output and standard error are captured apart.
    case pipes
    /// Pipes for standard input and output; standard error is appended to the file of that path.
    case logged(to: String)
    /// One pseudo-terminal of its own for all three, as a person would have; the output is captured as one.
    case terminal(columns: UInt16, rows: UInt16)
  }

  /// A path, or a name that is looked up in `PATH`.
  public var executable: String
  public var arguments: [String]
  /// Added to the environment of the tests; nil takes a variable away.
  public var environment: [String: String?]
  /// The working directory; nil means that of the tests.
  public var directory: String?
  public var streams: Streams

  public init(
    _ executable: String, _ arguments: [String] = [], environment: [String: String?] = [:],
    directory: String? = nil, streams: Streams = .pipes
  ) {
    self.executable = executable
    self.arguments = arguments
    self.environment = environment
    self.directory = directory
    self.streams = streams
  }

  /// The absolute path of a program in `PATH`, or nil when there is none.
  public static func path(of program: String) -> String? {
    if program.contains("/") { return FileManager.default.isExecutableFile(atPath: program) ? program : nil }
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
    return folders.map { "\($0)/\(program)" }.first(where: FileManager.default.isExecutableFile)
  }
}

/// A program that the tests need is not installed.
public struct MissingProgram: Error, CustomStringConvertible {
  public let description: String

  init(_ program: String, package: String) {
    description =
      "\(program) is not installed; it is in Debian's package \(package): run `make setup`, or `apt-get install \(package)`"
  }

  /// The absolute path of `program`; throws when it is not installed.
  static func path(of program: String, package: String) throws -> String {
    guard let path = Command.path(of: program) else { throw MissingProgram(program, package: package) }
    return path
  }
}
