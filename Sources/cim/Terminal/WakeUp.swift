import Glibc

/// A descriptor that one thread polls, and any other makes readable.
final class WakeUp: Sendable {
  /// Readable between `signal` and `reset`.
  let descriptor: Int32

  /// - Returns: `nil` when the process has no descriptor left.
  init?() {
    self.descriptor = eventfd(0, Int32(EFD_CLOEXEC.rawValue) | Int32(EFD_NONBLOCK.rawValue))
    if self.descriptor < 0 { return nil }
  }

  deinit { Glibc.close(self.descriptor) }

  func signal() { eventfd_write(self.descriptor, 1) }

  func reset() {
    var count: eventfd_t = 0
    eventfd_read(self.descriptor, &count)
  }
}
