import Foundation
import Synchronization

/// What a run says to whoever watches it.
enum Report {
  private static let start = ContinuousClock.now

  /// Time counts from the first call on.
  static func begin() { _ = self.start }

  /// Prints a line, with the time since the program began.
  static func line(_ text: String) {
    let elapsed = ContinuousClock.now - Self.start
    let tenths = Int(elapsed / .milliseconds(100))
    Self.text("\(tenths / 10).\(tenths % 10) s: \(text)")
  }

  /// Prints text as it is, at once.
  static func text(_ text: String) {
    FileHandle.standardOutput.write(Data((text + "\n").utf8))
  }
}
