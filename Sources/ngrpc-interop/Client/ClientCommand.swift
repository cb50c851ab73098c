import ArgumentParser
import Foundation
import Logging
import NgRPC

/// Runs one case, or all of them.
struct ClientCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "client", abstract: "Runs an interoperability case against a server.",
    discussion: """
      The exit status is 0 when the case holds; else it is 1, and standard error says why.

      Cases:
      \(InteropCase.all.map { "  \($0.name)\($0.takesMisbehavingServer ? " (*)" : "")" }.joined(separator: "\n"))

      (*) takes a server that misbehaves in that way, and is not among `--case all`.
      """)

  @Option(name: [.customLong("host"), .customLong("server_host")], help: "The server's host.")
  var host = "127.0.0.1"
  @Option(name: [.customLong("port"), .customLong("server_port")], help: "The server's port.")
  var port: Int
  @Option(
    name: [.customLong("case"), .customLong("test_case")],
    help: "The case's name; \"all\" runs all that a server that behaves is to pass.")
  var name: String
  @Option(name: .customLong("use_tls"), help: "Speak TLS, and trust whom the system trusts: true or false.")
  var usesTLS = false
  @Option(help: "Speak TLS, and trust only the authorities in this file (PEM).")
  var tlsCA: String?
  @Option(
    name: .customLong("server_host_override"), help: "The name that the server's certificate must have.")
  var serverName: String?
  @Flag(
    help: """
      Leave out the probe of the client_compressed cases: the server can't tell whether a request is compressed.
      """)
  var skipProbe = false
  @OptionGroup(title: "For rpc_soak and channel_soak")
  var soak: SoakOptions

  func run() async throws {
    let cases = name == "all" ? InteropCase.all.filter { !$0.takesMisbehavingServer } : [try wanted()]
    var configuration = RPCChannel.Configuration.defaults
    if usesTLS || tlsCA != nil {
      configuration.tls = ClientTLS(
        trustRoots: tlsCA.map { .pem([.file($0)]) } ?? .system, serverName: serverName)
    }
    let client = InteropClient(
      server: Endpoint(host: host, port: port), configuration: configuration, probes: !skipProbe, soak: soak)
    var failed = 0
    for interopCase in cases {
      do {
        try await client.run(interopCase)
        print("\(interopCase.name): holds")
      } catch {
        failed += 1
        FileHandle.standardError.write(Data("\(interopCase.name): \(error)\n".utf8))
      }
    }
    if failed > 0 { throw ExitCode.failure }
  }

  private func wanted() throws -> InteropCase {
    guard let found = InteropCase.all.first(where: { $0.name == name }) else {
      throw ValidationError("There is no case \"\(name)\"; the help lists them.")
    }
    return found
  }
}

/// How the soak cases run; the names are those of gRPC's other clients.
struct SoakOptions: ParsableArguments {
  @Option(name: .customLong("soak_iterations"), help: "How many calls.")
  var iterations = 10
  @Option(name: .customLong("soak_max_failures"), help: "How many calls may fail.")
  var maxFailures = 0
  @Option(
    name: .customLong("soak_per_iteration_max_acceptable_latency_ms"),
    help: "A call that takes longer has failed.")
  var maxLatency = 1000
  @Option(
    name: .customLong("soak_overall_timeout_seconds"),
    help: "How long all may take; by default what the calls may take together.")
  var overallTimeout: Int?
  @Option(
    name: .customLong("soak_min_time_ms_between_rpcs"), help: "A call begins this long after the one before.")
  var minTimeBetween = 0
  @Option(name: .customLong("soak_request_size"), help: "The payload of each request, in bytes.")
  var requestSize = 271_828
  @Option(name: .customLong("soak_response_size"), help: "The payload of each response, in bytes.")
  var responseSize = 314_159
  @Option(
    name: .customLong("soak_num_threads"), help: "How many calls go on at once; they share the iterations.")
  var threads = 1

  func validate() throws {
    guard iterations > 0, threads > 0, iterations % threads == 0 else {
      throw ValidationError("soak_iterations must be a multiple of soak_num_threads, and both at least 1.")
    }
    guard requestSize >= 0, responseSize >= 0, maxFailures >= 0, maxLatency > 0, minTimeBetween >= 0 else {
      throw ValidationError("The soak options can't be negative.")
    }
  }
}
