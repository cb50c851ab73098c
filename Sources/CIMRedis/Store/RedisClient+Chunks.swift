import Redis

extension RedisClient {
  /// How many commands go together: few enough that one request of a store takes no more than its part of what may wait
  /// for the connection, and lets others in between.
  private static let chunkSize = 1_000

  /// Sends any number of commands, in their order, some at a time.
  ///
  /// - Returns: One result for each, in their order.
  func sendInChunks(_ commands: [RedisCommand]) async -> [Result<RedisValue, RedisError>] {
    if commands.count <= Self.chunkSize { return await send(commands) }
    var results: [Result<RedisValue, RedisError>] = []
    for start in stride(from: 0, to: commands.count, by: Self.chunkSize) {
      results += await send(Array(commands[start..<min(start + Self.chunkSize, commands.count)]))
    }
    return results
  }

  /// Runs any number of scripts, some at a time; each run is a step of its own.
  ///
  /// - Returns: One result for each, in their order.
  func runInChunks(_ calls: [RedisScript.Call]) async -> [Result<RedisValue, RedisError>] {
    if calls.count <= Self.chunkSize { return await run(calls) }
    var results: [Result<RedisValue, RedisError>] = []
    for start in stride(from: 0, to: calls.count, by: Self.chunkSize) {
      results += await run(Array(calls[start..<min(start + Self.chunkSize, calls.count)]))
    }
    return results
  }
}
