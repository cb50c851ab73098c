import CIMChaos
import CIMCore
import Foundation

/// Where a run keeps all that it leaves: histories, logs, the roster, and what Redis and ZooKeeper wrote.
struct RunDirectory: Sendable {
  let path: String

  /// Makes an empty one below the system's temporary folder.
  init(name: String) throws {
    self.path = "\(FileManager.default.temporaryDirectory.path)/cim-chaos-\(name)-\(getpid())"
    for folder in ["histories", "logs", "redis", "zookeeper"] {
      try FileManager.default.createDirectory(
        atPath: "\(self.path)/\(folder)", withIntermediateDirectories: true)
    }
  }

  /// Opens one that a run has left.
  init(path: String) {
    self.path = path
  }

  static func roster(in directory: String) -> String { "\(directory)/roster.json" }

  static func history(of name: String, in directory: String) -> String {
    "\(directory)/histories/\(name).jsonl"
  }

  /// The log of the n-th life of a process.
  func log(of name: String, life: Int) -> String { "\(self.path)/logs/\(name).\(life).log" }

  /// The logs of all lives of all processes whose names begin so.
  func logs(of prefix: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "\(self.path)/logs")
      .filter { $0.hasPrefix(prefix) }.sorted().map { "\(self.path)/logs/\($0)" }
  }

  func remove() { try? FileManager.default.removeItem(atPath: self.path) }
}

extension Roster {
  static func read(from path: String) throws -> Roster {
    try JSONDecoder().decode(Roster.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
  }

  func write(to path: String) throws {
    try JSONEncoder().encode(self).write(to: URL(fileURLWithPath: path))
  }
}
