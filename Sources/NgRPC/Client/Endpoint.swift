/// Where a server is reached: a host name or IP address, and a port.
public struct Endpoint: Sendable, Hashable, CustomStringConvertible {
  /// A host name or an IP address, without brackets.
  public var host: String
  /// 1 to 65,535.
  public var port: Int

  public init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  /// Reads `host:port`, with an IPv6 address in brackets: `[::1]:7400`.
  ///
  /// - Throws: ``InvalidEndpoint`` that says what is wrong.
  public init(parsing text: String) throws(InvalidEndpoint) {
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

  /// `host:port`, with an IPv6 address in brackets.
  public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// A text that is no endpoint.
public struct InvalidEndpoint: Error, Hashable, CustomStringConvertible {
  public var text: String
  public var reason: String

  public var description: String { "\"\(text)\" is no address of the form host:port: \(reason)" }
}
