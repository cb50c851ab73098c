import Foundation
import NIOCore
import NgRPC
import Testing

@Suite("A process that has inherited a connection's socket", .timeLimit(.minutes(1)))
struct InheritanceTests {
  @Test(
    "The client learns of the end of a connection that the server cuts, although another process holds it open"
  )
  func cut() async throws {
    try await withLoopback { channel, server, endpoint in
      let call = channel.call(EchoService.chat, (ByteBuffer.self, ByteBuffer.self))
      var responses = call.messages.makeAsyncIterator()
      try await call.send(ByteBuffer(string: "before"))
      #expect(try await responses.next() == ByteBuffer(string: "before"))
      // Another descriptor of the socket does what another process that has it would.
      let copies = try sockets(onLocalPort: endpoint.port).map { fcntl($0, F_DUPFD_CLOEXEC, 0) }
      #expect(!copies.isEmpty)
      defer { for copy in copies { close(copy) } }
      await server.shutdown(within: .zero)
      #expect(try await call.status().code == .unavailable)
    }
  }

  /// The descriptors in this process of connections whose end here has this port.
  private func sockets(onLocalPort port: Int) throws -> [Int32] {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap(Int32.init).filter {
      descriptor in
      var address = sockaddr_in()
      var length = socklen_t(MemoryLayout<sockaddr_in>.size)
      return withUnsafeMutableBytes(of: &address) { bytes in
        let name = bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self)
        guard getsockname(descriptor, name, &length) == 0, name.pointee.sa_family == AF_INET else {
          return false
        }
        let isLocal = UInt16(bigEndian: bytes.load(as: sockaddr_in.self).sin_port) == UInt16(port)
        return isLocal && getpeername(descriptor, name, &length) == 0
      }
    }
  }
}
