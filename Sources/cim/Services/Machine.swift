import CIMCore
import Glibc
import NgRPC

/// The machine this runs on.
enum Machine {
  /// Its name, as the network knows it; `localhost` when it has none.
  static var name: String {
    var bytes = [CChar](repeating: 0, count: 256)
    guard gethostname(&bytes, bytes.count - 1) == 0, bytes[0] != 0 else { return "localhost" }
    return String(decoding: bytes.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// Where others reach what listens there: a server that listens on all addresses is reached by the machine's name.
  static func advertised(_ bound: Endpoint) -> Endpoint {
    ["0.0.0.0", "::", ""].contains(bound.host) ? Endpoint(host: self.name, port: bound.port) : bound
  }
}
