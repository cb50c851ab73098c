import Glibc

/// A TCP port of 127.0.0.1 that nothing listens on.
///
/// Another process may take it before the caller does: there is no way around that for a server which cannot be told to
/// choose its own. The kernel hands such ports out in an order that makes it rare; whoever starts such a server
/// must notice when it ends at once.
public func freePort() throws -> Int {
  let socket = try SystemCallError.check("socket") { Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) }
  defer { close(socket) }
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
  var size = socklen_t(MemoryLayout<sockaddr_in>.size)
  try withUnsafeMutablePointer(to: &address) { pointer in
    try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
      try SystemCallError.check("bind") { bind(socket, address, size) }
      try SystemCallError.check("getsockname") { getsockname(socket, address, &size) }
    }
  }
  return Int(UInt16(bigEndian: address.sin_port))
}
