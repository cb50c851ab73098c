import Foundation

/// A program run to its end.
enum ChildProcess {
  /// What it left.
  struct Result {
    var status: Int32
    var output: Data
    var errors: String
  }

  /// - Parameter input: what the program reads from its standard input.
  static func run(_ program: URL, _ arguments: [String], input: Data = Data()) throws -> Result {
    // Files, not pipes: neither side can fill one and wait for the other for ever.
    let folder = FileManager.default.temporaryDirectory.appending(path: "ngrpc-generate-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let inputFile = folder.appending(path: "input")
    let outputFile = folder.appending(path: "output")
    let errorFile = folder.appending(path: "errors")
    try input.write(to: inputFile)
    for file in [outputFile, errorFile] { try Data().write(to: file) }

    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.standardInput = try FileHandle(forReadingFrom: inputFile)
    process.standardOutput = try FileHandle(forWritingTo: outputFile)
    process.standardError = try FileHandle(forWritingTo: errorFile)
    try process.run()
    process.waitUntilExit()
    return Result(
      status: process.terminationStatus,
      output: try Data(contentsOf: outputFile),
      errors: String(decoding: try Data(contentsOf: errorFile), as: UTF8.self))
  }
}
