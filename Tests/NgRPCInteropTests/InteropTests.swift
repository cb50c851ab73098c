import TestSupport
import Testing

@Suite("The standard interoperability cases", .timeLimit(.minutes(3)))
struct InteropTests {
  @Test("A grpcio client finds every case to hold at our server")
  func grpcioClient() async throws {
    let server = try await InteropServer.ours()
    let client = try ChildProcess(Repository.python("interop_client.py", "\(server.port)"))
    let exit = try await client.waitUntilExit(within: .seconds(60))
    #expect(exit == .code(0), "\(client.errors.text)")
    #expect(casesThatHold(client.output.text) == regularCases)
  }

  @Test("Our client finds every case to hold at a grpcio server")
  func grpcioServer() async throws {
    let server = try await InteropServer.python("interop_server.py")
    // grpcio can't tell its handlers what came compressed.
    let (exit, output, errors) = try await runClient("all", port: server.port, "--skip-probe")
    #expect(exit == .code(0), "\(errors)")
    #expect(casesThatHold(output) == regularCases)
  }

  @Test("Our client finds every case to hold at our server")
  func ours() async throws {
    let server = try await InteropServer.ours()
    let (exit, output, errors) = try await runClient("all", port: server.port)
    #expect(exit == .code(0), "\(errors)")
    #expect(casesThatHold(output) == regularCases)
  }

  @Test("The cases hold over TLS, too, with grpcio on either side")
  func tls() async throws {
    let certificates = try await TestCertificates.shared
    let (certificate, key) = (certificates.certificate("server"), certificates.key("server"))
    let ca = certificates.certificate("ca")

    let ours = try await InteropServer.ours("--tls-certificate", certificate, "--tls-key", key)
    let grpcioClient = try ChildProcess(Repository.python("interop_client.py", "\(ours.port)", ca))
    #expect(
      try await grpcioClient.waitUntilExit(within: .seconds(60)) == .code(0), "\(grpcioClient.errors.text)")
    #expect(casesThatHold(grpcioClient.output.text) == regularCases)
    let ourClient = try await runClient("all", port: ours.port, "--tls-ca", ca)
    #expect(ourClient.exit == .code(0), "\(ourClient.errors)")

    let grpcio = try await InteropServer.python("interop_server.py", certificate, key)
    let (exit, output, errors) = try await runClient("all", port: grpcio.port, "--tls-ca", ca, "--skip-probe")
    #expect(exit == .code(0), "\(errors)")
    #expect(casesThatHold(output) == regularCases)
    let distrustful = try await runClient(
      "empty_unary", port: grpcio.port, "--tls-ca", certificates.certificate("other-ca"))
    #expect(distrustful.exit == .code(1))
  }

  @Test(
    "What our client compresses, or asks grpcio to compress, is small on the wire, and nothing else is",
    arguments: [
      // Plain, each large call sends 271,828 bytes up and 314,159 down.
      ("large_unary", 271_828...300_000, 314_159...340_000),
      // Compressed, plain, and plain among compressed; the answers are plain.
      ("client_compressed_unary", 543_656...570_000, 942_477...990_000),
      ("server_compressed_unary", 543_656...570_000, 314_159...340_000),
      // 27,182 compressed, 45,904 plain.
      ("client_compressed_streaming", 45_904...55_000, 0...5_000),
      // 31,415 compressed, 92,653 plain.
      ("server_compressed_streaming", 0...5_000, 92_653...105_000),
    ])
  func onTheWire(name: String, up: ClosedRange<Int>, down: ClosedRange<Int>) async throws {
    let server = try await InteropServer.python("interop_server.py")
    let port = try #require(server.countedPort)
    let (exit, _, errors) = try await runClient(name, port: port, "--skip-probe")
    #expect(exit == .code(0), "\(errors)")
    try server.process.write("count\n")
    let counts = try await server.process.output.line(containing: "up ", within: .seconds(10))
      .split(separator: " ").compactMap { Int($0) }
    try #require(counts.count == 2)
    #expect(up.contains(counts[0]))
    #expect(down.contains(counts[1]))
  }

  @Test(
    "Our client copes with a server that misbehaves",
    arguments: [
      "goaway", "rst_after_header", "rst_during_data", "rst_after_data", "ping", "max_streams",
      "data_frame_padding",
    ])
  func misbehavingServer(name: String) async throws {
    let server = try await InteropServer.python("http2_server.py", name)
    let (exit, _, errors) = try await runClient(name, port: server.port)
    #expect(exit == .code(0), "\(errors)")
    server.process.closeInput()
    #expect(try await server.process.waitUntilExit() == .code(0), "\(server.process.errors.text)")
  }

  @Test(
    "Our client tells what is wrong with a server's compression",
    arguments: [
      ("flag_without_encoding", "INTERNAL: The message is flagged as compressed"),
      ("flag_with_identity", "INTERNAL: The message is flagged as compressed"),
      ("unknown_encoding", "INTERNAL: The server compresses with \"snappy\""),
      ("truncated_gzip", "INTERNAL: The message is no valid gzip: its end is missing"),
      ("not_gzip", "INTERNAL: The message is no valid gzip: incorrect header check"),
      ("gzip_over_the_limit", "RESOURCE_EXHAUSTED: The message has more than 4194304 bytes"),
      ("plain_among_gzip", nil),
    ])
  func wrongCompression(of name: String, told: String?) async throws {
    let server = try await InteropServer.python("http2_server.py", name)
    let (exit, _, errors) = try await runClient("large_unary", port: server.port)
    #expect(exit == .code(told == nil ? 0 : 1))
    #expect(errors.contains(told ?? ""), "\(errors)")
  }

  @Test("Soaking takes as many calls, at once and in a row, as it is told, and as long as it may")
  func soak() async throws {
    let server = try await InteropServer.ours()
    for name in ["rpc_soak", "channel_soak"] {
      let (exit, _, errors) = try await runClient(
        name, port: server.port, "--soak_iterations", "60", "--soak_num_threads", "6",
        "--soak_request_size", "1000", "--soak_response_size", "2000")
      #expect(exit == .code(0), "\(errors)")
    }
    let slow = try await runClient(
      "rpc_soak", port: server.port, "--soak_min_time_ms_between_rpcs", "60000",
      "--soak_overall_timeout_seconds", "1")
    #expect(slow.exit == .code(1))
    #expect(slow.errors.contains("1 of 10 calls were made"))
  }

  @Test("A case that does not hold, and one that is none, are told by the exit status and a reason")
  func failures() async throws {
    let server = try await InteropServer.python("http2_server.py", "rst_after_header")
    let broken = try await runClient("large_unary", port: server.port)
    #expect(broken.exit == .code(1))
    #expect(broken.errors.contains("large_unary: INTERNAL"))
    let closed = try await runClient("empty_unary", port: freePort())
    #expect(closed.exit == .code(1))
    #expect(closed.errors.contains("Connection refused"))
    let unknown = try await runClient("no_such_case", port: server.port)
    #expect(unknown.exit == .code(64))
    #expect(unknown.errors.contains("no case \"no_such_case\""))
  }
}
