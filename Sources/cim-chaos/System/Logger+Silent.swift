import Logging

extension Logger {
  /// For calls whose failures are reported by whoever makes them.
  static let silent = Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() }
}
