import Foundation
import NgRPC

/// Why an operator's call did not succeed: what is wrong, and what to do.
struct AdminFailure: Error, Equatable, CustomStringConvertible {
  let description: String

  /// What the program ends with, of `sysexits.h`: 69 when no route answers, 77 when the route does not let the operator in,
  /// 64 for an argument that it does not take, 1 for all else.
  let exitCode: Int32

  /// - Parameters:
  ///   - route: whom the call was made to.
  ///   - hasToken: whether a token was shown.
  init(_ status: RPCError, route: Endpoint, hasToken: Bool) {
    let text = Transcript.printable(status.message)
    switch status.code {
    case .unauthenticated:
      self.exitCode = EX_NOPERM
      self.description = """
        the route at \(route) does not let you in: \
        \(hasToken ? "your admin.token is not its own." : "it asks for a token, and none is set.")
        Set it with \(Settings.adminToken.spellings).
        """
    case .unavailable, .deadlineExceeded:
      self.exitCode = EX_UNAVAILABLE
      self.description = """
        \(text)
        That is what came of calling \(route). A route listens there when its admin.listen says so; another address is set with \
        \(Settings.adminRoute.spellings).
        """
    case .unimplemented:
      self.exitCode = 1
      self.description = """
        what listens on \(route) does not know this call: it is no port for operators, or that of an older route. Another \
        address is set with \(Settings.adminRoute.spellings).
        """
    case .invalidArgument:
      self.exitCode = EX_USAGE
      self.description = text
    default:
      self.exitCode = 1
      self.description = text
    }
  }
}
