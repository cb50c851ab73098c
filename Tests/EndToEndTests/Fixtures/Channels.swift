import Logging
import NgRPC

/// Makes calls to a port of 127.0.0.1 over a connection of their own.
func withChannel<Result>(
  to port: Int, _ body: (RPCChannel) async throws -> Result
) async throws -> Result {
  let channel = RPCChannel(
    to: [Endpoint(host: "127.0.0.1", port: port)],
    logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  do {
    let result = try await body(channel)
    await channel.shutdown(within: .zero)
    return result
  } catch {
    await channel.shutdown(within: .zero)
    throw error
  }
}

/// The status that a call ends with when it does not succeed.
func status<Result>(of call: () async throws -> Result) async throws -> RPCError? {
  do {
    _ = try await call()
    return nil
  } catch let error as RPCError {
    return error
  }
}
