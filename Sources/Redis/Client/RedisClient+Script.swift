extension RedisClient {
  /// Runs a script, by its digest: the source travels only when the server does not have it.
  ///
  /// - Parameters:
  ///   - keys: All keys that the script touches. In a cluster they must share one slot.
  ///   - arguments: Everything else, as `ARGV`.
  /// - Throws: `server` also for errors that the script raises.
  public func run<Argument: RedisArgument>(
    _ script: RedisScript, keys: [String], arguments: [Argument]
  ) async throws(RedisError) -> RedisValue {
    do {
      let digest = try await digest(of: script)
      return try await send(Self.call("EVALSHA", digest, keys: keys, arguments: arguments))
    } catch  where error.serverCode == "NOSCRIPT" {
      // EVAL runs the script and has the server remember it in one step: a script cannot be forgotten in between.
      return try await send(Self.call("EVAL", script.source, keys: keys, arguments: arguments))
    }
  }

  private func digest(of script: RedisScript) async throws(RedisError) -> String {
    if let known = script.sha1 { return known }
    let digest = try await send(RedisCommand("SCRIPT", "LOAD", script.source)).asString()
    script.sha1 = digest
    return digest
  }

  private static func call<Argument: RedisArgument>(
    _ name: String, _ script: String, keys: [String], arguments: [Argument]
  ) -> RedisCommand {
    var command = RedisCommand(name, script, keys.count)
    command.append(contentsOf: keys)
    command.append(contentsOf: arguments)
    return command
  }
}
