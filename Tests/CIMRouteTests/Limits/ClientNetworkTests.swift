import NIOCore
import Testing

@testable import CIMRoute

@Suite struct ClientNetworkTests {
  @Test(
    "Clients are counted by their IPv4 address, or by the first half of their IPv6 address",
    arguments: [
      ("192.0.2.1", "192.0.2.1"), ("::ffff:192.0.2.1", "192.0.2.1"),
      ("2001:db8:0:12::1", "2001:db8:0:12::/64"), ("2001:db8:0:12:ffff:ffff:ffff:1", "2001:db8:0:12::/64"),
      ("2001:db8:0:13::1", "2001:db8:0:13::/64"), ("::1", "0:0:0:0::/64"),
    ])
  func networks(address: String, network: String) throws {
    #expect(try SocketAddress(ipAddress: address, port: 1234).clientNetwork == network)
  }

  @Test("A Unix domain socket has none")
  func none() throws {
    #expect(try SocketAddress(unixDomainSocketPath: "/x").clientNetwork == nil)
  }
}
