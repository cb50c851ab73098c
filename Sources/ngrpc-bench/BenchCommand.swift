import ArgumentParser
import Foundation
import Logging
import NIOPosix
import NgRPC

/// A server that does as little as one can, to measure the runtime from outside.
@main
struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ngrpc-bench", abstract: "Serves ngrpc.bench.v1.Bench on loopback until it is killed.")

  @Option(help: "The TCP port; 0 lets the system choose.")
  var port = 0
  @Option(help: "How many event loops.")
  var threads = 1
  @Flag(help: "Have the unary handler suspend once before it answers.")
  var suspend = false

  func run() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
    let server = RPCServer(
      services: [BenchService(suspends: suspend)], eventLoopGroup: group, logger: Logger(label: "ngrpc-bench")
    )
    let address = try await server.start(on: .hostAndPort("127.0.0.1", port))
    // Unbuffered: whoever started this waits for the line.
    FileHandle.standardOutput.write(Data("listening on \(address)\n".utf8))
    while !Task.isCancelled { try await Task.sleep(for: .seconds(3600)) }
  }
}
