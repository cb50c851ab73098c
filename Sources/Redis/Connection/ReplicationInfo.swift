/// What a server says of its part in replication: the answer to `INFO replication`.
struct ReplicationInfo: Hashable {
  /// The command that asks for it.
  static let query = RedisCommand("INFO", "replication")

  /// Whether it is a replica of another server, and refuses writes.
  var isReplica = false

  /// The id of the history of writes that it has: another one after each start of a master and each failover. `nil` for
  /// a server that tells none.
  var id: String?

  /// Reads an answer; what is not in it stays unknown.
  init(_ reply: RedisValue) {
    guard let text = try? reply.asString() else { return }
    for line in text.split(whereSeparator: \.isNewline) {
      let parts = line.split(separator: ":", maxSplits: 1)
      switch (parts.first, parts.last) {
      case ("role", let role?): isReplica = role == "slave"
      case ("master_replid", let id?): self.id = String(id)
      default: break
      }
    }
  }
}
