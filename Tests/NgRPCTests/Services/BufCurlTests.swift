import NgRPC
import NgRPCProtos
import NgRPCServices
import TestSupport
import Testing

/// `buf curl` has no .proto at hand here: all that it knows, it has from reflection.
@Suite("buf curl", .timeLimit(.minutes(1)))
struct BufCurlTests {
  enum Security: CaseIterable { case plaintext, tls, mutualTLS }

  @Test(
    "It lists services and methods, and calls unary and streaming ones, knowing nothing but the address",
    arguments: Security.allCases)
  func knowsTheAddressOnly(_ security: Security) async throws {
    let certificates = try await TestCertificates.shared
    let (configuration, options): (RPCServer.Configuration, [String]) =
      switch security {
      case .plaintext: (.defaults, ["--http2-prior-knowledge"])
      case .tls: (certificates.server(), ["--cacert", certificates.certificate("ca")])
      case .mutualTLS:
        (
          certificates.server(clients: .required),
          [
            "--cacert", certificates.certificate("ca"), "--cert", certificates.certificate("client"),
            "--key", certificates.key("client"),
          ]
        )
      }
    let health = HealthService(["": .serving, "a.B": .notServing])
    try await withLoopback([health, ReflectionService([])], server: configuration) { _, _, endpoint in
      let address = "\(security == .plaintext ? "http" : "https")://\(endpoint.host):\(endpoint.port)"
      func curl(_ arguments: String...) async throws -> String {
        let process = try ChildProcess(
          Command("\(Repository.root)/.venv/bin/buf", ["curl", "--protocol", "grpc"] + options + arguments))
        let exit = try await process.waitUntilExit(within: .seconds(30))
        #expect(exit == .code(0), "\(process.errors.text)")
        return process.output.text
      }
      let services = try await curl("--list-services", address)
      #expect(
        services.split(separator: "\n") == [
          "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
          "grpc.reflection.v1alpha.ServerReflection",
        ])
      let methods = try await curl("--list-methods", address)
      #expect(methods.contains("grpc.health.v1.Health/Watch"))
      let status = try await curl("--data", #"{"service": "a.B"}"#, "\(address)/grpc.health.v1.Health/Check")
      #expect(status.contains(#""NOT_SERVING""#))
      // Both sides stream: two questions, two answers.
      let answers = try await curl(
        "--data", #"{"listServices": ""}{"fileByFilename": "no.proto"}"#,
        "\(address)/grpc.reflection.v1.ServerReflection/ServerReflectionInfo")
      #expect(
        answers.contains(#""listServicesResponse""#) && answers.contains(#""errorResponse""#), "\(answers)")
    }
  }
}
