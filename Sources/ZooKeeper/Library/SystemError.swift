import Glibc

/// The system could not do what was asked.
struct SystemError: Error, Hashable, CustomStringConvertible {
  /// As in `errno.h`.
  let number: Int32

  var description: String { String(cString: strerror(self.number)) }
}
