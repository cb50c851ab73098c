extension RedisClient {
  /// The bounds and waits of a client.
  public struct Configuration: Sendable, Hashable {
    /// How long a command that was sent may wait for its reply: 5 s unless told otherwise. A server that owes replies
    /// and says nothing for as long is taken for gone, and the connection is made anew.
    public var commandTimeout: Duration = .seconds(5)
    /// How long a command may wait for a connection before it fails: 500 ms unless told otherwise.
    public var connectionWait: Duration = .milliseconds(500)
    /// How long one attempt to connect may take: 2 s unless told otherwise.
    public var connectTimeout: Duration = .seconds(2)
    /// How many commands may wait for a connection or for their replies: 65,536 unless told otherwise. What comes
    /// beyond that fails at once.
    public var maximumPendingCommands = 65_536
    /// How many bytes one reply may take: 64 MiB unless told otherwise. A larger one is a protocol violation.
    public var maximumReplyBytes = 64 * 1024 * 1024
    /// The waits between attempts to connect.
    public var backoff = Backoff()
    /// Whether a replica may be connected to: no unless told otherwise. It refuses writes, and what is read there may be
    /// old. A server that becomes a replica is left, and the address tried again until it leads to a master.
    public var allowsReplicas = false
    /// What the connection is called in the server's `CLIENT LIST`; nil for no name. It has no spaces or line ends.
    public var clientName: String?

    /// The waits between attempts to connect.
    public struct Backoff: Sendable, Hashable {
      /// The wait before the first retry: 50 ms unless told otherwise.
      public var initial: Duration = .milliseconds(50)
      /// What each further wait is multiplied with: 1.6 unless told otherwise.
      public var multiplier = 1.6
      /// The longest wait: 2 s unless told otherwise.
      public var maximum: Duration = .seconds(2)
      /// By which fraction a wait is randomly shortened or prolonged at most: 0.2 unless told otherwise.
      public var jitter = 0.2

      /// Makes the default waits.
      public init() {}
    }

    /// The default bounds and waits.
    public static let defaults = Configuration()

    /// Makes the default bounds and waits, to be changed.
    public init() {}
  }
}
