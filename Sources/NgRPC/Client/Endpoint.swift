/// Where a server is reached: a host and a port, or a Unix domain socket.
public struct Endpoint: Sendable, Hashable, CustomStringConvertible {
  /// A host name or an IP address, without brackets. Empty for a Unix domain socket.
  public var host: String
  /// 1 to 65,535. Zero for a Unix domain socket.
  public var port: Int
  /// The socket's path, when it is a Unix domain socket.
  public let unixDomainSocketPath: String?

  public init(host: String, port: Int) {
    self.host = host
    self.port = port
    unixDomainSocketPath = nil
  }

  private init(unixDomainSocketPath path: String) {
    host = ""
    port = 0
    unixDomainSocketPath = path
  }

  /// A Unix domain socket: reached on the same machine only.
  ///
  /// - Parameter path: at most 107 bytes on Linux.
  public static func unixDomainSocket(_ path: String) -> Endpoint { Endpoint(unixDomainSocketPath: path) }

  /// Reads `host:port`, with an IPv6 address in brackets (`[::1]:7400`), or `unix:/path`.
  ///
  /// - Throws: ``InvalidEndpoint`` that says what is wrong.
  public init(parsing text: String) throws(InvalidEndpoint) {
    if text.hasPrefix("unix:") {
      // gRPC's "Name Resolution" has unix:path, and unix:///absolute_path.
      let rest = text.dropFirst("unix:".count)
      let path = rest.hasPrefix("//") ? rest.dropFirst(2) : rest
      guard !path.isEmpty else { throw InvalidEndpoint(text: text, reason: "there is no path") }
      self.init(unixDomainSocketPath: String(path))
      return
    }
    guard let colon = text.lastIndex(of: ":") else {
      throw InvalidEndpoint(text: text, reason: "there is no port")
    }
    var host = text[..<colon]
    let portText = text[text.index(after: colon)...]
    guard let port = Int(portText), (1...65_535).contains(port) else {
      throw InvalidEndpoint(text: text, reason: "the port \"\(portText)\" is not a number from 1 to 65535")
    }
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      throw InvalidEndpoint(text: text, reason: "an IPv6 address must stand in brackets")
    }
    guard !host.isEmpty else { throw InvalidEndpoint(text: text, reason: "there is no host") }
    self.init(host: String(host), port: port)
  }

  /// `host:port`, with an IPv6 address in brackets, or `unix:/path`.
  public var description: String {
    if let unixDomainSocketPath { return "unix:\(unixDomainSocketPath)" }
    return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
  }
}

/// A text that is no endpoint.
public struct InvalidEndpoint: Error, Hashable, CustomStringConvertible {
  public var text: String
  public var reason: String

  public var description: String { "\"\(text)\" is no address of the form host:port: \(reason)" }
}
