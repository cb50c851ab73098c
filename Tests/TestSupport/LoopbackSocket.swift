import Glibc

/// A plain TCP connection to 127.0.0.1, for what no real client sends. Its calls block, a second at most each.
public final class LoopbackSocket {
  private let descriptor: Int32

  /// Connects.
  ///
  /// - Throws: When nothing listens on the port.
  public init(port: Int) throws {
    descriptor = try SystemCallError.check("socket") {
      Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    }
    var timeout = timeval(tv_sec: 1, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      try SystemCallError.check("setsockopt") {
        setsockopt(descriptor, SOL_SOCKET, option, &timeout, socklen_t(MemoryLayout<timeval>.size))
      }
    }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
    _ = try withUnsafePointer(to: &address) { pointer in
      try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        try SystemCallError.check("connect") {
          connect(descriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
    }
  }

  deinit { close(descriptor) }

  /// Sends all of the bytes.
  ///
  /// - Throws: When the peer has closed the connection, or takes nothing for a second.
  public func send(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = try SystemCallError.check("send") {
        rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      }
      rest = rest.dropFirst(count)
    }
  }

  /// The bytes that have come; empty when the peer has closed its side.
  ///
  /// - Throws: When the connection was reset, or nothing came for a second.
  public func receive() throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = try SystemCallError.check("recv") { recv(descriptor, &bytes, bytes.count, 0) }
    return Array(bytes[..<count])
  }
}
