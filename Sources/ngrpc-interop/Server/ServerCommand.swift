import ArgumentParser
import Foundation
import Logging
import NIOCore
import NgRPC

/// Serves the test service until it is killed.
struct ServerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "server", abstract: "Serves grpc.testing.TestService until it is killed.",
    discussion: "Prints the address once it can be called.")

  @Option(help: "The address to listen on.")
  var host = "127.0.0.1"
  @Option(help: "The TCP port; 0 lets the system choose.")
  var port = 0

  func run() async throws {
    let server = RPCServer(services: [TestService()], logger: Logger(label: "ngrpc-interop"))
    let address = try await server.start(on: .hostAndPort(host, port))
    // Unbuffered: whoever started this waits for the line.
    FileHandle.standardOutput.write(Data("listening on \(host) port \(address.port ?? port)\n".utf8))
    while !Task.isCancelled { try await Task.sleep(for: .seconds(3600)) }
  }
}
