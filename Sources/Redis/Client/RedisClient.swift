import Logging
import NIOCore
import NIOPosix

/// A client of one Redis server: one connection, made anew for as long as the client lives.
///
/// Commands of all tasks share the connection. They are written together, once per turn of the event loop, and their
/// replies come back in order, so many concurrent commands cost one system call each way; the order of commands that
/// one task awaits one after the other is kept. While there is no connection, commands wait for a short time and then
/// fail with `connectFailed`. When a connection breaks, the commands on it fail with `connectionLost`: they
/// may or may not have run, and it is the caller who knows whether to repeat them.
///
/// A client that is released shuts itself down.
public final class RedisClient: Sendable {
  private let intake: CommandIntake

  /// Makes a client, which begins to connect at once and tries for as long as it takes.
  ///
  /// - Parameters:
  ///   - address: The server. A name is resolved anew for every attempt to connect.
  ///   - configuration: Bounds and waits.
  ///   - eventLoopGroup: One of its loops drives the connection; it must outlive the client.
  ///   - logger: Told when the server cannot be reached, is lost, or is back.
  public init(
    address: RedisAddress, configuration: Configuration = .defaults,
    eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton, logger: Logger
  ) {
    intake = CommandIntake(
      address: address, configuration: configuration, eventLoop: eventLoopGroup.next(), logger: logger)
  }

  deinit {
    intake.beginShutdown()
  }

  /// Sends a command and waits for its reply.
  ///
  /// - Returns: The reply, which is no error.
  /// - Throws: `server` when the server answers with an error; any other ``RedisError`` when it does not answer.
  public func send(_ command: RedisCommand) async throws(RedisError) -> RedisValue {
    try await send([command])[0].get()
  }

  /// Sends commands together, on one connection and with none of another task between them, and waits for all replies.
  ///
  /// It is a pipeline, not a transaction: a command that fails does not keep the later ones from running.
  ///
  /// - Returns: One result for each command, in their order.
  public func send(_ commands: [RedisCommand]) async -> [Result<RedisValue, RedisError>] {
    guard !commands.isEmpty else { return [] }
    let request: PendingRequest
    do {
      request = try PendingRequest(commands)
    } catch {
      return commands.map { _ in .failure(error) }
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        if request.await(continuation) { intake.submit(request) }
      }
    } onCancel: {
      request.fail(RedisError(.cancelled, "the task was cancelled before Redis answered"))
    }
  }

  /// Asks the server whether it serves commands, and for its replication id.
  ///
  /// - Throws: What ``send(_:)-(RedisCommand)`` throws.
  public func ping() async throws(RedisError) {
    let replies = await send([RedisCommand("PING"), ReplicationInfo.query])
    _ = try replies[0].get()
    intake.replicationID.observe(ReplicationInfo(try replies[1].get()))
  }

  /// The server's replication id, as soon as one is known, and each other one that is noticed later: with each connection
  /// and each ``ping()``. It ends with the client.
  ///
  /// It changes with each start of a master and each failover. What an earlier one answered may be lost since.
  public func replicationIDs() -> AsyncStream<String> { intake.replicationID.values() }

  /// Whether there is a connection on which the server has answered the handshake.
  ///
  /// A server that went silent is noticed only when a command times out: ``ping()`` makes sure.
  public var isReady: Bool { intake.isReady }

  /// Ends the client: new commands fail with `shutdown`, those already sent get their replies, at most for the command
  /// timeout. Returns when the connection is closed.
  public func shutdown() async { await intake.shutdown() }
}
