import Foundation
import Synchronization

/// A program run to its end.
enum ChildProcess {
  /// What it left.
  struct Result {
    var status: Int32
    var output: Data
    var errors: String
  }

  static func run(_ program: URL, _ arguments: [String], input: Data = Data()) throws -> Result {
    let process = Process()
    let (stdin, stdout, stderr) = (Pipe(), Pipe(), Pipe())
    process.executableURL = program
    process.arguments = arguments
    process.standardInput = stdin
    process.standardOutput = stdout
    process.standardError = stderr
    try process.run()
    // All three pipes at once: a program that fills one while we wait at another would never end.
    let output = Mutex(Data())
    let errors = Mutex(Data())
    DispatchQueue.concurrentPerform(iterations: 3) { index in
      switch index {
      case 0:
        try? stdin.fileHandleForWriting.write(contentsOf: input)
        try? stdin.fileHandleForWriting.close()
      case 1: output.withLock { $0 = stdout.fileHandleForReading.readDataToEndOfFile() }
      default: errors.withLock { $0 = stderr.fileHandleForReading.readDataToEndOfFile() }
      }
    }
    process.waitUntilExit()
    return Result(
      status: process.terminationStatus,
      output: output.withLock { $0 },
      errors: String(decoding: errors.withLock { $0 }, as: UTF8.self))
  }
}
