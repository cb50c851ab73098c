import ArgumentParser
import Foundation
import NIOPosix
import NgRPC

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Serves ngrpc.bench.v1.Bench on loopback until it is killed.")

  @Option(help: "The TCP port; 0 lets the system choose.")
  var port = 0
  @Option(help: "How many event loops.")
  var threads = 1
  @Flag(help: "Have the unary handler suspend once before it answers.")
  var suspend = false
  @Flag(help: "Have echoes handled below async, by callbacks on the event loop.")
  var belowAsync = false
  @Option(name: .customLong("with"), help: "An interceptor; may be given several times, the outermost first.")
  var interceptors: [BenchInterceptor] = []
  @Option(help: "The file of the certificates to serve TLS with.")
  var tlsCertificate: String?
  @Option(help: "The file of their key.")
  var tlsKey: String?

  func validate() throws {
    if (tlsCertificate == nil) != (tlsKey == nil) {
      throw ValidationError("--tls-certificate and --tls-key go together.")
    }
  }

  func run() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
    let bench = BenchService(suspends: suspend)
    var configuration = RPCServer.Configuration.defaults
    if let tlsCertificate, let tlsKey {
      configuration.tls = ServerTLS(
        identity: TLSIdentity(certificateChain: .file(tlsCertificate), privateKey: .file(tlsKey)))
    }
    let server = RPCServer(
      services: [belowAsync ? BelowAsyncEcho(bench: bench) : bench],
      interceptors: interceptors.map { $0.make() }, configuration: configuration, eventLoopGroup: group,
      logger: .bench)
    let address = try await server.start(on: .hostAndPort("127.0.0.1", port))
    // Unbuffered: whoever started this waits for the line.
    FileHandle.standardOutput.write(Data("listening on \(address)\n".utf8))
    while !Task.isCancelled { try await Task.sleep(for: .seconds(3600)) }
  }
}
