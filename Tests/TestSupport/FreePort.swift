import Foundation

/// A TCP port of 127.0.0.1 that nothing listens on.
///
/// It is one of those that the kernel never gives to outgoing connections, and chosen at random. Still, another
/// process may take it before the caller does: whoever starts a server on it must notice when that ends at once.
///
/// - Throws: When no port is free.
public func freePort() throws -> Int {
  let range = try? String(contentsOfFile: "/proc/sys/net/ipv4/ip_local_port_range", encoding: .utf8)
  let firstOutgoing = range?.split(whereSeparator: \.isWhitespace).first.flatMap { Int($0) } ?? 32_768
  let candidates = 10_000..<max(firstOutgoing, 20_000)
  for _ in 1...100 {
    let port = Int.random(in: candidates)
    if try isFree(port) { return port }
  }
  throw SystemCallError("bind to a port in \(candidates)", code: EADDRINUSE)
}

private func isFree(_ port: Int) throws -> Bool {
  let socket = try SystemCallError.check("socket") {
    Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
  }
  defer { close(socket) }
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = UInt16(port).bigEndian
  address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
  return withUnsafePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
      bind(socket, address, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
    }
  }
}
