/// Where a Redis server is, and who we are there.
public struct RedisAddress: Hashable, Sendable {
  /// A DNS name or an IP address (IPv6 without brackets). Names are resolved anew for each connection.
  public var host: String
  /// The TCP port, 1 to 65535.
  public var port: Int
  /// The user for `AUTH`; nil is the server's default user.
  public var user: String?
  /// The password for `AUTH`; nil sends no `AUTH`.
  public var password: String?
  /// The number of the logical database for `SELECT`, 0 or greater. A cluster has only 0.
  public var database: Int

  /// The port of Redis servers unless told otherwise.
  public static let defaultPort = 6379

  /// Makes an address from its parts.
  public init(
    host: String, port: Int = defaultPort, user: String? = nil, password: String? = nil, database: Int = 0
  ) {
    self.host = host
    self.port = port
    self.user = user
    self.password = password
    self.database = database
  }
}

extension RedisAddress: CustomStringConvertible {
  /// The address as a URL; the password is shown as `***`.
  public var description: String {
    let name = host.contains(":") ? "[\(host)]" : host
    let credentials = password == nil ? "" : "\(user ?? ""):***@"
    return "redis://\(credentials)\(name):\(port)" + (database == 0 ? "" : "/\(database)")
  }
}
