import Logging
import NIOCore
import NgRPC

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Runs `body` with a server of `services` on a free port and a channel to it; both have ended when it returns.
func withLoopback<Result>(
  _ services: [any RPCService] = [EchoService()], server configuration: RPCServer.Configuration = .defaults,
  channel channelConfiguration: RPCChannel.Configuration = .defaults, logger: Logger = quiet,
  _ body: (RPCChannel, RPCServer, Endpoint) async throws -> Result
) async throws -> Result {
  let server = RPCServer(services: services, configuration: configuration, logger: logger)
  let address = try await server.start(on: .hostAndPort("127.0.0.1", 0))
  let endpoint = Endpoint(host: "127.0.0.1", port: address.port!)
  let channel = RPCChannel(to: [endpoint], configuration: channelConfiguration, logger: quiet)
  do {
    let result = try await body(channel, server, endpoint)
    await channel.shutdown(within: .seconds(5))
    await server.shutdown(within: .seconds(5))
    return result
  } catch {
    await channel.shutdown(within: .zero)
    await server.shutdown(within: .zero)
    throw error
  }
}

/// The error that `body` throws.
func rpcError(_ body: () async throws -> some Any) async throws -> RPCError? {
  do {
    _ = try await body()
    return nil
  } catch let error as RPCError {
    return error
  }
}
