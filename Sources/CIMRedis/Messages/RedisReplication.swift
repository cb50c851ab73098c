import Redis

/// How appends wait for replicas of Redis that want to.
///
/// They go over a connection of their own, because `WAIT` holds up everything behind it.
public struct RedisReplication: Sendable {
  /// The connection, which nobody else uses; it stays the caller's to shut down.
  public let client: RedisClient

  /// How many replicas must have an append: 1 or more.
  public let replicas: Int

  /// How long to wait for them, in milliseconds: 1 s by default. It must be shorter than the client's command timeout. When
  /// they are short by then, the message is accepted all the same, and its answer does not call it replicated.
  public let timeoutMilliseconds: Int

  /// Describes what to wait for.
  public init(client: RedisClient, replicas: Int, timeoutMilliseconds: Int = 1_000) {
    precondition(replicas > 0, "without replicas to wait for, leave RedisReplication out")
    precondition(timeoutMilliseconds > 0, "to Redis 0 means to wait for ever")
    self.client = client
    self.replicas = replicas
    self.timeoutMilliseconds = timeoutMilliseconds
  }
}
