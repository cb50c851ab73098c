import NIOCore

/// An address to connect to, and what its server is called.
struct ServerAddress: Hashable, Sendable, CustomStringConvertible {
  let socket: SocketAddress
  /// The endpoint's host name or IP address; empty for a Unix domain socket.
  let host: String
  /// Travels as `:authority`.
  let authority: String

  /// The endpoint as it was given, and the address when that says more.
  var description: String {
    switch socket {
    case .unixDomainSocket: return "unix:\(socket.pathname ?? "?")"
    case .v4, .v6:
      let numeric = Endpoint(host: socket.ipAddress ?? "?", port: socket.port ?? 0).description
      return numeric == authority ? numeric : "\(authority) (\(numeric))"
    }
  }
}
