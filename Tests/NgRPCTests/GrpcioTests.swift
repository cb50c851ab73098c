import Logging
import NIOCore
import NgRPC
import TestSupport
import Testing

@Suite("With grpcio at the other end", .timeLimit(.minutes(2)))
struct GrpcioTests {
  enum Security: CaseIterable { case plaintext, tls, mutualTLS }

  @Test(
    "A grpcio client finds all four kinds of call, metadata, statuses, deadlines and cancellation as it expects",
    arguments: Security.allCases)
  func client(_ security: Security) async throws {
    let certificates = try await TestCertificates.shared
    let (configuration, arguments): (RPCServer.Configuration, [String]) =
      switch security {
      case .plaintext: (.defaults, [])
      case .tls: (certificates.server(), [certificates.certificate("ca")])
      case .mutualTLS:
        (
          certificates.server(clients: .required),
          [certificates.certificate("ca"), certificates.certificate("client"), certificates.key("client")]
        )
      }
    try await withLoopback(server: configuration) { _, _, endpoint in
      var command = try Repository.python("echo_client.py", "\(endpoint.port)")
      command.arguments += arguments
      let client = try ChildProcess(command)
      let exit = try await client.waitUntilExit(within: .seconds(60))
      #expect(exit == .code(0), "\(client.errors.text)")
      #expect(client.output.text.contains("every case holds"))
    }
  }

  @Test(
    "A grpcio server is called with all four kinds of call, metadata, statuses and deadlines",
    arguments: Security.allCases)
  func server(_ security: Security) async throws {
    let certificates = try await TestCertificates.shared
    let files = [
      certificates.certificate("server"), certificates.key("server"), certificates.certificate("ca"),
    ]
    let (configuration, arguments): (RPCChannel.Configuration, [String]) =
      switch security {
      case .plaintext: (.defaults, [])
      case .tls: (certificates.client(), Array(files.prefix(2)))
      case .mutualTLS: (certificates.client("client"), files)
      }
    var command = try Repository.python("echo_server.py")
    command.arguments += arguments
    let server = try ChildProcess(command)
    let line = try await server.output.line(containing: "listening on ", within: .seconds(30))
    let port = try #require(line.split(separator: " ").last.flatMap { Int($0) })
    let channel = RPCChannel(
      to: [Endpoint(host: "127.0.0.1", port: port)], configuration: configuration, logger: quiet)

    for size in [0, 1, 16_379, 70_000, 1 << 20] {
      let request = ByteBuffer(repeating: 9, count: size)
      #expect(try await channel.unary(EchoService.unary, request) as ByteBuffer == request)
    }
    #expect(try await responses(of: EchoService.expand, to: ["abc"], channel) == ["a", "b", "c"])
    #expect(try await responses(of: EchoService.collect, to: ["a", "", "bc"], channel) == ["abc"])
    #expect(try await responses(of: EchoService.chat, to: ["1", "", "3"], channel) == ["1", "", "3"])
    for code in UInt8(1)...16 {
      let error = try await rpcError {
        try await channel.unary(EchoService.fail, ByteBuffer(bytes: [code])) as ByteBuffer
      }
      #expect(error?.code.rawValue == code)
      #expect(error?.message == "50% ärger\n")
      #expect(error?.metadata.string(for: "reason") == "asked-for")
    }
    var sent = Metadata()
    sent.add("one", for: "x-echo")
    sent.add("two", for: "x-echo")
    sent.add(binary: [0xab, 0xab, 0xab], for: "x-echo-bin")
    let call = channel.call(
      EchoService.metadata, options: CallOptions(metadata: sent), (ByteBuffer.self, ByteBuffer.self))
    try await call.send(ByteBuffer())
    call.finish()
    for try await _ in call.messages {}
    #expect(try await call.initialMetadata().strings(for: "x-echo") == ["one", "two"])
    #expect(try await call.status().metadata.binaries(for: "x-echo-bin") == [[0xab, 0xab, 0xab]])
    let late = try await rpcError {
      try await channel.unary(
        EchoService.hang, ByteBuffer(), options: CallOptions(timeout: .milliseconds(100)))
        as ByteBuffer
    }
    #expect(late?.code == .deadlineExceeded)
    await channel.shutdown(within: .seconds(5))
    server.closeInput()
    try await server.waitUntilExit()
  }

  private func responses(
    of method: MethodDescriptor, to requests: [String], _ channel: RPCChannel
  ) async throws -> [String] {
    let call = channel.call(method, (ByteBuffer.self, ByteBuffer.self))
    for request in requests { try await call.send(ByteBuffer(string: request)) }
    call.finish()
    var responses: [String] = []
    for try await response in call.messages { responses.append(String(buffer: response)) }
    return responses
  }
}
