/// Where something is reached over TCP.
public struct Endpoint: Hashable, Sendable, CustomStringConvertible {
  /// A host name or an IP address, IPv6 without brackets.
  public let host: String

  /// 1 to 65535.
  public let port: Int

  /// Names a place.
  public init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  /// `host:port`, an IPv6 address in brackets.
  public var description: String {
    self.host.utf8.contains(UInt8(ascii: ":")) ? "[\(self.host)]:\(self.port)" : "\(self.host):\(self.port)"
  }
}
