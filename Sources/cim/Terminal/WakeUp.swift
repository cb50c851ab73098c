import Glibc

/// A descriptor that one thread polls, and any other makes readable: a pipe to oneself.
final class WakeUp: Sendable {
  /// Readable between `signal` and `reset`.
  let descriptor: Int32
  private let writing: Int32

  /// - Returns: `nil` when the process has no descriptor left.
  init?() {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return nil }
    (self.descriptor, self.writing) = (ends[0], ends[1])
    for end in ends {
      // A full pipe is readable, which is all that counts; an empty one is not waited for.
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
    }
  }

  deinit {
    Glibc.close(self.descriptor)
    Glibc.close(self.writing)
  }

  func signal() {
    var byte: UInt8 = 0
    _ = write(self.writing, &byte, 1)
  }

  func reset() {
    var bytes = [UInt8](repeating: 0, count: 256)
    while read(self.descriptor, &bytes, bytes.count) == bytes.count {}
  }
}
