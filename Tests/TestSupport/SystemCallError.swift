import Glibc

/// A system call failed.
struct SystemCallError: Error, CustomStringConvertible {
  let call: String
  let code: Int32

  init(_ call: String, code: Int32 = errno) {
    self.call = call
    self.code = code
  }

  var description: String { "\(call): \(String(cString: strerror(code)))" }

  /// Returns the result of a call that reports failure as -1 and through `errno`, retrying when interrupted.
  @discardableResult
  static func check<Number: SignedInteger>(_ call: String, _ body: () -> Number) throws -> Number {
    while true {
      let result = body()
      if result != -1 { return result }
      if errno != EINTR { throw SystemCallError(call) }
    }
  }
}
