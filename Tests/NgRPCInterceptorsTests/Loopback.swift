import Logging
import NIOCore
import NgRPC

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Runs `body` with a server on a free port and a channel to it; both have ended when it returns.
func withLoopback<Result>(
  _ service: some RPCService = EchoService(), server serverInterceptors: [any ServerInterceptor] = [],
  channel channelInterceptors: [any ClientInterceptor] = [],
  channelConfiguration: RPCChannel.Configuration = .defaults,
  _ body: (RPCChannel, Endpoint) async throws -> Result
) async throws -> Result {
  let server = RPCServer(services: [service], interceptors: serverInterceptors, logger: quiet)
  let address = try await server.start(on: .hostAndPort("127.0.0.1", 0))
  let endpoint = Endpoint(host: "127.0.0.1", port: address.port!)
  let channel = RPCChannel(
    to: [endpoint], interceptors: channelInterceptors, configuration: channelConfiguration, logger: quiet)
  do {
    let result = try await body(channel, endpoint)
    await channel.shutdown(within: .seconds(5))
    await server.shutdown(within: .seconds(5))
    return result
  } catch {
    await channel.shutdown(within: .zero)
    await server.shutdown(within: .zero)
    throw error
  }
}
