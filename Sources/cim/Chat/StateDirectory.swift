import CIMCore
import NgRPC

/// Where a chat keeps its state when it is not told.
enum StateDirectory {
  /// `cim/<route>/<name>` in the user's directory for state (XDG Base Directory Specification): one for each name, and for each
  /// service, which the first of its routes in alphabetical order stands for.
  ///
  /// - Returns: `nil` when the environment names no home.
  static func standard(name: UserName, routes: [Endpoint], environment: [String: String]) -> String? {
    guard let base = self.base(environment) else { return nil }
    let route = routes.map(\.description).min() ?? ""
    return "\(base)/cim/\(self.fileName(route))/\(self.fileName(name.rawValue))"
  }

  private static func base(_ environment: [String: String]) -> String? {
    // The specification has relative paths ignored.
    if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") { return state }
    return environment["HOME"].flatMap { $0.hasPrefix("/") ? "\($0)/.local/state" : nil }
  }

  /// A text as a file's name: what could mean something else in a path is written as `%` and two hexadecimal digits.
  static func fileName(_ text: String) -> String {
    let bytes = text.utf8.flatMap { byte -> [UInt8] in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ":"):
        return [byte]
      // Such as in 127.0.0.1, but not as the first of a name: "." and ".." mean something.
      case UInt8(ascii: ".") where text.utf8.first != byte:
        return [byte]
      default:
        let digits = Array("0123456789ABCDEF".utf8)
        return [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
