import Foundation

/// A real redis-server on a free port of 127.0.0.1, its data in a temporary folder.
///
/// It is killed when the last reference goes.
public final class RedisServer: Sendable {
  private let server: ServerProcess
  /// Nil when the data is kept where the caller said.
  private let data: TemporaryDirectory?

  /// Starts a server and waits until it answers PING.
  ///
  /// - Parameters:
  ///   - appendOnly: Whether writes are kept on disk, synced each time: what was answered survives `kill`.
  ///   - directory: Where its data is kept and not removed; nil means a temporary folder.
  ///   - options: Further settings, as in redis.conf, such as `["maxmemory": "1mb"]`.
  /// - Throws: `MissingProgram` when redis-server is not installed.
  public init(appendOnly: Bool = false, in directory: String? = nil, options: [String: String] = [:])
    async throws
  {
    let executable = try MissingProgram.path(of: "redis-server", package: "redis-server")
    let data = directory == nil ? try TemporaryDirectory("redis") : nil
    self.data = data
    let path = directory ?? data?.path ?? ""
    server = try await ServerProcess { port in
      var settings = [
        "port": "\(port)", "bind": "127.0.0.1", "dir": path, "save": "",
        "appendonly": appendOnly ? "yes" : "no", "appendfsync": "always",
      ]
      settings.merge(options) { $1 }
      return Command(executable, settings.flatMap { ["--\($0.key)", $0.value] })
    } isReady: { port in
      LoopbackProbe.ask("PING\r\n", port: port)?.hasPrefix("+PONG") ?? false
    }
  }

  /// The TCP port, which stays the same over restarts.
  public var port: Int { server.port }
  /// How clients are told of it.
  public var url: String { "redis://127.0.0.1:\(port)" }
  /// The process, for its id and output.
  public var process: ChildProcess { server.current }

  /// Ends the server in order and waits for its end.
  public func stop() async throws { try await process.stop() }

  /// Ends the server at once, as a crash would, and waits for its end.
  public func kill() async throws {
    process.kill()
    try await process.waitUntilExit()
  }

  /// Starts the server again after `stop` or `kill`, on the same port; data is back if it was `appendOnly`.
  public func start() async throws { try await server.start() }

  /// Freezes the server: connections stay open, nothing is answered.
  public func pause() { process.signal(SIGSTOP) }

  /// Lets a frozen server go on.
  public func resume() { process.signal(SIGCONT) }
}
