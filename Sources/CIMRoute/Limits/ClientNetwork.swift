import NIOCore

extension SocketAddress {
  /// What a client is counted by: its IPv4 address, also one that is mapped into IPv6; else the first 64 bits of its IPv6 address,
  /// of which anybody may have all that follows. Nil for a Unix domain socket.
  var clientNetwork: String? {
    switch self {
    case .v4: return ipAddress
    case .v6(let address):
      // A sockaddr_in6 has the address behind family, port and flow information (RFC 3493, 3.3).
      let bytes = withUnsafeBytes(of: address.address) { Array($0[8..<24]) }
      if bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10...11].allSatisfy({ $0 == 0xFF }) {
        return bytes[12...].map { "\($0)" }.joined(separator: ".")
      }
      let groups = stride(from: 0, to: 8, by: 2).map { index in
        String(UInt16(bytes[index]) << 8 | UInt16(bytes[index + 1]), radix: 16)
      }
      return groups.joined(separator: ":") + "::/64"
    case .unixDomainSocket: return nil
    }
  }
}
