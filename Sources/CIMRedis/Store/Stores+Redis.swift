import CIMCore
import Redis

extension Stores {
  /// Stores in a Redis server, 6.2 or later, shared by all routes.
  ///
  /// The server must not evict keys (`maxmemory-policy noeviction`). What an answer survives is what Redis's
  /// `appendfsync` and replicas make of it. Where access is restricted, the user must be allowed `INFO`, by whose
  /// replication id a new master is known.
  ///
  /// - Parameters:
  ///   - client: The connection; it stays the caller's to shut down.
  ///   - limits: How much the message log remembers, and how long what is idle is kept.
  ///   - delayed: How many delayed messages are kept, and for how long.
  ///   - replication: How messages wait for replicas that are to be called replicated. Without it none is.
  public static func redis(
    _ client: RedisClient, limits: MessageLogLimits = .defaults,
    delayed: DelayedLimits = .defaults, replication: RedisReplication? = nil
  ) -> Self {
    Self(
      accounts: RedisAccountStore(client), logins: RedisLoginStore(client, limits: limits),
      sessions: RedisSessionStore(client),
      log: RedisMessageLog(client, limits: limits, replication: replication),
      cursors: RedisCursorStore(client, limits: limits), groups: RedisGroupStore(client, limits: limits),
      delayed: RedisDelayedStore(client, limits: delayed),
      reads: RedisReadMarkStore(client, limits: limits), contacts: RedisContactStore(client, limits: limits),
      limits: RedisTokenStore(client))
  }
}
