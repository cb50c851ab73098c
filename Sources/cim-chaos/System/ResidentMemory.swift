import Foundation
import Synchronization
import TestSupport

/// Watches how much memory processes hold.
final class ResidentMemory: Sendable {
  /// What was seen of one process, in KiB.
  struct Course: Sendable {
    var first = 0
    var peak = 0
    var last = 0
  }

  private let courses = Mutex<[String: Course]>([:])

  /// Looks every 20 ms until the task is cancelled.
  func watch(_ nodes: [CimNode]) async {
    repeat {
      for node in nodes {
        guard let size = node.process.flatMap({ Self.kibibytes(of: $0.id) }) else { continue }
        self.courses.withLock { courses in
          var course = courses[node.id] ?? Course(first: size)
          course.peak = max(course.peak, size)
          course.last = size
          courses[node.id] = course
        }
      }
    } while (try? await Task.sleep(for: .milliseconds(20))) != nil
  }

  /// By process.
  var seen: [String: Course] { self.courses.withLock { $0 } }

  private static func kibibytes(of process: pid_t) -> Int? {
    guard let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8) else {
      return nil
    }
    return status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }?
      .split(separator: " ").dropFirst().first.flatMap { Int($0) }
  }
}
