import Foundation
import NIOCore
import NgRPC
import TestSupport

/// A server in a process of its own, so that its memory and its end are its own.
final class AttackedProcess: Sendable {
  let port: Int
  let process: ChildProcess

  /// - Parameter maxFiles: how many descriptors it may have; nil for as many as there are.
  init(_ arguments: [String], maxFiles: Int? = nil) async throws {
    let executable = Repository.product("ngrpc-attacked")
    process = try ChildProcess(
      maxFiles.map { Command("sh", ["-c", "ulimit -n \($0); exec \"$0\" \"$@\"", executable] + arguments) }
        ?? Command(executable, arguments))
    let line = try await process.output.line(containing: "listening on ")
    port = line.split(separator: " ").last.flatMap { Int($0) } ?? 0
  }

  /// Memory in RAM, in bytes: now, or at most so far.
  func residentBytes(peak: Bool = false) throws -> Int {
    let status = try String(contentsOfFile: "/proc/\(process.id)/status", encoding: .utf8)
    let key = peak ? "VmHWM:" : "VmRSS:"
    guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix(key) }),
      let kibibytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) })
    else { throw CocoaError(.fileReadCorruptFile) }
    return kibibytes * 1024
  }
}
