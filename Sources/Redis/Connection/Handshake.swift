import NIOCore

/// What is said first on each connection: who we are, which database we mean, whether the server serves, and in which role.
struct Handshake {
  /// The commands in the Redis protocol.
  let encoded: ByteBuffer
  /// How many commands there are.
  let replyCount: Int

  init(address: RedisAddress, clientName: String?) {
    var commands: [RedisCommand] = []
    if let password = address.password {
      var auth = RedisCommand("AUTH")
      if let user = address.user { auth.append(user) }
      auth.append(password)
      commands.append(auth)
    }
    if address.database != 0 { commands.append(RedisCommand("SELECT", address.database)) }
    if let clientName { commands.append(RedisCommand("CLIENT", "SETNAME", clientName)) }
    // A server that loads its data, or a replica without its master, accepts connections and refuses this.
    commands.append(RedisCommand("PING"))
    // The last: the connection is judged by it.
    commands.append(ReplicationInfo.query)

    var buffer = ByteBuffer()
    for command in commands {
      do {
        try command.write(to: &buffer)
      } catch {
        preconditionFailure("the credentials are larger than a command may be: \(error)")
      }
    }
    encoded = buffer
    replyCount = commands.count
  }
}
