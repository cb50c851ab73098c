import NIOCore
import NIOPosix

#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif

/// Finds the addresses of host names, by the system's resolver.
enum AddressLookup {
  /// The addresses of a host, in the order of RFC 6724. Blocks: the system's resolver knows no other way.
  ///
  /// - Throws: ``NameLookupError``.
  @Sendable
  static func system(host: String, port: Int) throws -> [SocketAddress] {
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, "\(port)", &hints, &list)
    guard code == 0 else {
      throw NameLookupError(host: host, reason: String(cString: gai_strerror(code)))
    }
    defer { freeaddrinfo(list) }
    var addresses: [SocketAddress] = []
    var entry = list
    while let info = entry?.pointee {
      entry = info.ai_next
      guard let address = info.ai_addr else { continue }
      switch info.ai_family {
      case AF_INET:
        address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { addresses.append(.init($0.pointee)) }
      case AF_INET6:
        address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { addresses.append(.init($0.pointee)) }
      default: break
      }
    }
    guard !addresses.isEmpty else {
      throw NameLookupError(host: host, reason: "the name has no address")
    }
    return addresses
  }
}

/// A name that the system's resolver can't tell the addresses of.
struct NameLookupError: Error, CustomStringConvertible {
  var host: String
  var reason: String

  var description: String { "the name \(host) can't be resolved: \(reason)" }
}

extension Endpoint {
  /// The address, when it takes no resolver to know it.
  ///
  /// - Throws: what is wrong with a socket's path, such as its length.
  func literalAddress() throws -> SocketAddress? {
    if let unixDomainSocketPath { return try SocketAddress(unixDomainSocketPath: unixDomainSocketPath) }
    return try? SocketAddress(ipAddress: host, port: port)
  }

  /// What a server there is called when nobody says otherwise.
  var authority: String {
    // gRPC calls a server on a Unix domain socket so: its path is no valid authority.
    unixDomainSocketPath == nil ? description : "localhost"
  }
}
