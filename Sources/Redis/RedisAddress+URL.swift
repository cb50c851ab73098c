extension RedisAddress {
  /// Reads `redis://[[user]:password@]host[:port][/database]`.
  ///
  /// User and password are percent-decoded, IPv6 addresses are written in brackets, the port is 6379 and the database 0
  /// when absent. A single word before `@` is a password, as other Redis clients have it.
  ///
  /// - Throws: `invalidAddress`, which names the part that is wrong and never shows the password.
  public init(url: String) throws(RedisError) {
    let scheme = "redis://"
    guard url.hasPrefix(scheme) else {
      if url.hasPrefix("rediss://") {
        throw .address("TLS (rediss://) is not supported", "use redis:// to a server in a trusted network")
      }
      throw .address("it does not begin with \(scheme)", "write \(scheme)host:port")
    }
    var rest = url.dropFirst(scheme.count)[...]
    if let end = rest.firstIndex(where: { $0 == "?" || $0 == "#" }) {
      throw .address("\"\(rest[end])\" begins a part that has no meaning here", "leave it out")
    }

    var user: String?
    var password: String?
    if let at = rest.lastIndex(of: "@") {
      (user, password) = try Self.credentials(rest[..<at])
      rest = rest[rest.index(after: at)...]
    }
    var database = 0
    if let slash = rest.firstIndex(of: "/") {
      database = try Self.database(rest[rest.index(after: slash)...])
      rest = rest[..<slash]
    }
    let (host, port) = try Self.hostAndPort(rest)
    self.init(host: host, port: port, user: user, password: password, database: database)
  }

  private static func credentials(_ text: Substring) throws(RedisError) -> (user: String?, password: String) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard let user = percentDecoded(parts[0]), let password = percentDecoded(parts.last ?? "") else {
      throw .address(
        "user or password has a % that does not begin an escape, or is not UTF-8", "write % as %25")
    }
    guard !password.isEmpty else {
      throw .address("the password before @ is empty", "write user:password@, or leave out the @")
    }
    return (parts.count == 1 || user.isEmpty ? nil : user, password)
  }

  private static func database(_ text: Substring) throws(RedisError) -> Int {
    if text.isEmpty { return 0 }
    guard let number = UInt16(text) else {
      throw .address(
        "\"\(text)\" is not the number of a database", "write a number such as /0 after the host")
    }
    return Int(number)
  }

  private static func hostAndPort(_ text: Substring) throws(RedisError) -> (host: String, port: Int) {
    let host: Substring
    let afterHost: Substring
    if text.first == "[" {
      guard let end = text.firstIndex(of: "]") else {
        throw .address("the bracket of the IPv6 address is not closed", "write [address]:port")
      }
      host = text[text.index(after: text.startIndex)..<end]
      afterHost = text[text.index(after: end)...]
    } else {
      guard text.count(where: { $0 == ":" }) <= 1 else {
        throw .address("\"\(text)\" has several colons", "an IPv6 address goes in brackets: [address]:port")
      }
      let end = text.firstIndex(of: ":") ?? text.endIndex
      host = text[..<end]
      afterHost = text[end...]
    }
    guard !host.isEmpty else { throw .address("it names no host", "write redis://host:port") }
    if afterHost.isEmpty { return (String(host), defaultPort) }
    guard afterHost.first == ":", let port = UInt16(afterHost.dropFirst()), port > 0 else {
      throw .address(
        "\"\(afterHost.drop { $0 == ":" })\" is not a port",
        "write a number from 1 to 65535 after the host")
    }
    return (String(host), Int(port))
  }

  private static func percentDecoded(_ text: Substring) -> String? {
    var decoded: [UInt8] = []
    var bytes = text.utf8[...]
    while let byte = bytes.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        decoded.append(byte)
        continue
      }
      guard let high = bytes.popFirst().flatMap(hexDigit), let low = bytes.popFirst().flatMap(hexDigit) else {
        return nil
      }
      decoded.append(high << 4 | low)
    }
    return String(validating: decoded, as: UTF8.self)
  }

  private static func hexDigit(_ byte: UInt8) -> UInt8? {
    Character(UnicodeScalar(byte)).hexDigitValue.map(UInt8.init)
  }
}

extension RedisError {
  fileprivate static func address(_ problem: String, _ remedy: String) -> RedisError {
    RedisError(
      .invalidAddress,
      "the Redis address is not valid: \(problem); \(remedy). "
        + "The form is redis://[[user]:password@]host[:port][/database]")
  }
}
