import Glibc

/// Asks a server on 127.0.0.1 one question in plain text, to see whether it is ready.
enum LoopbackProbe {
  /// The first bytes of the answer; nil when nothing listens, or no answer came within a second.
  static func ask(_ question: String, port: Int) -> String? {
    guard let socket = try? connect(port: port) else { return nil }
    defer { close(socket) }
    guard send(socket, question, question.utf8.count, Int32(MSG_NOSIGNAL)) > 0 else { return nil }
    var answer = [UInt8](repeating: 0, count: 4096)
    let count = recv(socket, &answer, answer.count, 0)
    return count > 0 ? String(decoding: answer[..<count], as: UTF8.self) : nil
  }

  private static func connect(port: Int) throws -> Int32 {
    let socket = try SystemCallError.check("socket") {
      Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    }
    do {
      var timeout = timeval(tv_sec: 1, tv_usec: 0)
      try SystemCallError.check("setsockopt") {
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
      }
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = UInt16(port).bigEndian
      address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
      _ = try withUnsafePointer(to: &address) { pointer in
        try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
          try SystemCallError.check("connect") {
            Glibc.connect(socket, address, socklen_t(MemoryLayout<sockaddr_in>.size))
          }
        }
      }
      return socket
    } catch {
      close(socket)
      throw error
    }
  }
}
