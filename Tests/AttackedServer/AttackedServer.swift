import ArgumentParser
import Foundation
import Logging
import NIOCore
import NIOPosix
import NgRPC

/// The server that is attacked: a process of its own, so that its memory is its own.
///
/// Says on which port it listens, and ends in good order when its standard input does.
@main
struct AttackedServer: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "ngrpc-attacked")

  @Option var prefaceTimeout = 20_000
  @Option var headersTimeout = 20_000
  @Option var writeTimeout = 60_000
  @Option var maxStreams = 10_000
  @Option var maxConnections: Int?
  @Option var maxConnectionsPerAddress: Int?
  @Option var keepaliveTime: Int?
  @Option var keepaliveTimeout = 20_000
  @Option var maxAge: Int?
  @Option var maxIdle: Int?
  @Option(
    help:
      "How long open calls may go on, after the age and when the input ends. All times are in milliseconds.")
  var grace: Int?

  func run() async throws {
    var configuration = RPCServer.Configuration()
    configuration.limits.prefaceTimeout = .milliseconds(Int64(prefaceTimeout))
    configuration.limits.headersTimeout = .milliseconds(Int64(headersTimeout))
    configuration.limits.writeTimeout = .milliseconds(Int64(writeTimeout))
    configuration.limits.maxConcurrentStreams = maxStreams
    configuration.limits.maxConnections = maxConnections
    configuration.limits.maxConnectionsPerAddress = maxConnectionsPerAddress
    if let keepaliveTime { configuration.keepalive.time = .milliseconds(Int64(keepaliveTime)) }
    configuration.keepalive.timeout = .milliseconds(Int64(keepaliveTimeout))
    configuration.lifetime.maxAge = maxAge.map { .milliseconds(Int64($0)) }
    configuration.lifetime.maxIdle = maxIdle.map { .milliseconds(Int64($0)) }
    configuration.lifetime.grace = grace.map { .milliseconds(Int64($0)) }
    let server = RPCServer(
      services: [TargetService()], configuration: configuration,
      eventLoopGroup: MultiThreadedEventLoopGroup(numberOfThreads: 1), logger: Logger(label: "ngrpc-attacked")
    )
    let port = try await server.start(on: .hostAndPort("127.0.0.1", 0)).port ?? 0
    // Unbuffered: whoever started this waits for the line.
    FileHandle.standardOutput.write(Data("listening on \(port)\n".utf8))
    await withCheckedContinuation { (ended: CheckedContinuation<Void, Never>) in
      Thread.detachNewThread {
        while readLine() != nil {}
        ended.resume()
      }
    }
    await server.shutdown(within: .milliseconds(grace ?? 0))
  }
}
