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
  @Option(help: "Speak TLS, with the certificate in this file (PEM).")
  var tlsCertificate: String?
  @Option(help: "The file of its key (PEM).")
  var tlsKey: String?

  func validate() throws {
    guard (tlsCertificate == nil) == (tlsKey == nil) else {
      throw ValidationError("TLS takes both, --tls-certificate and --tls-key.")
    }
  }

  func run() async throws {
    var configuration = RPCServer.Configuration.defaults
    if let tlsCertificate, let tlsKey {
      configuration.tls = ServerTLS(
        identity: TLSIdentity(certificateChain: .file(tlsCertificate), privateKey: .file(tlsKey)))
    }
    let server = RPCServer(
      services: [TestService()], configuration: configuration, logger: Logger(label: "ngrpc-interop"))
    let address = try await server.start(on: .hostAndPort(host, port))
    // Unbuffered: whoever started this waits for the line.
    FileHandle.standardOutput.write(Data("listening on \(host) port \(address.port ?? port)\n".utf8))
    while !Task.isCancelled { try await Task.sleep(for: .seconds(3600)) }
  }
}
