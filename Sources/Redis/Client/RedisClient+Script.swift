extension RedisClient {
  /// Runs a script, by its digest: the source travels only when the server does not have it.
  ///
  /// - Throws: `server` also for errors that the script raises.
  public func run(_ call: RedisScript.Call) async throws(RedisError) -> RedisValue {
    try await run([call])[0].get()
  }

  /// Runs scripts together, in their order; each run is a step of its own.
  ///
  /// When the server has forgotten scripts, as after a restart, the runs that it refused are sent again with the source,
  /// and come after the others.
  ///
  /// - Returns: One result for each run, in their order.
  public func run(_ calls: [RedisScript.Call]) async -> [Result<RedisValue, RedisError>] {
    await run(calls, then: [])
  }

  /// Runs scripts together, in their order, and after the last of them a command such as `WAIT`.
  ///
  /// It comes after the runs that had to be sent again too.
  ///
  /// - Returns: One result for each run, in their order, and the command's.
  public func run(
    _ calls: [RedisScript.Call], then command: RedisCommand
  ) async -> (runs: [Result<RedisValue, RedisError>], command: Result<RedisValue, RedisError>) {
    let results = await run(calls, then: [command])
    return (Array(results.dropLast()), results[calls.count])
  }

  private func run(
    _ calls: [RedisScript.Call], then commands: [RedisCommand]
  ) async -> [Result<RedisValue, RedisError>] {
    do {
      try await learnDigests(of: calls)
    } catch {
      return Array(repeating: .failure(error), count: calls.count + commands.count)
    }
    var results = await send(calls.map { $0.command("EVALSHA", $0.script.sha1 ?? "") } + commands)
    let forgotten = calls.indices.filter { results[$0].isUnknownScript }
    guard !forgotten.isEmpty else { return results }
    // EVAL runs the script and has the server remember it in one step: it cannot be forgotten in between.
    let again = await send(forgotten.map { calls[$0].command("EVAL", calls[$0].script.source) } + commands)
    for (index, result) in zip(forgotten + Array(calls.count..<results.count), again) {
      results[index] = result
    }
    return results
  }

  /// Loads the scripts whose digest no server has told yet.
  private func learnDigests(of calls: [RedisScript.Call]) async throws(RedisError) {
    for script in calls.lazy.map(\.script) where script.sha1 == nil {
      script.sha1 = try await send(RedisCommand("SCRIPT", "LOAD", script.source)).asString()
    }
  }
}

extension RedisScript.Call {
  fileprivate func command(_ name: String, _ script: String) -> RedisCommand {
    var command = RedisCommand(name, script)
    command.words.append(contentsOf: tail)
    return command
  }
}

extension Result<RedisValue, RedisError> {
  fileprivate var isUnknownScript: Bool {
    if case .failure(let error) = self { error.serverCode == "NOSCRIPT" } else { false }
  }
}
