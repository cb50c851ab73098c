import NIOCore

/// Who counts as one peer: an IPv4 address, a /64 of IPv6, which is what one subscriber has, or everybody on this machine
/// that comes through Unix domain sockets.
enum PeerAddress: Hashable, Sendable {
  case v4(UInt32)
  case v6(UInt64)
  case local

  init(_ address: SocketAddress?) {
    switch address {
    case .v4(let address): self = .v4(Self.bytes(of: address.address, at: 4))
    case .v6(let address):
      let high: UInt64 = Self.bytes(of: address.address, at: 8)
      let low: UInt64 = Self.bytes(of: address.address, at: 16)
      // RFC 4291, section 2.5.5.2: an IPv4 address that came to a socket of IPv6.
      self = high == 0 && low >> 32 == 0xffff ? .v4(UInt32(truncatingIfNeeded: low)) : .v6(high)
    case .unixDomainSocket, nil: self = .local
    }
  }

  /// A number in network order within a `sockaddr_in`, whose address is at byte 4, or a `sockaddr_in6`, whose is at 8.
  private static func bytes<Number: FixedWidthInteger, Address>(of address: Address, at offset: Int)
    -> Number
  {
    withUnsafeBytes(of: address) {
      Number(bigEndian: $0.loadUnaligned(fromByteOffset: offset, as: Number.self))
    }
  }
}
