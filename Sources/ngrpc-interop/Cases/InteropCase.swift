import NgRPCInteropProtos

/// One of the standard cases, by the name that every implementation knows it by.
struct InteropCase {
  let name: String
  /// From gRPC's "Negative HTTP/2 Interop Test Case Descriptions".
  let takesMisbehavingServer: Bool
  let run: (GrpcTesting.TestService.Client, InteropClient) async throws -> Void

  private init(
    _ name: String, takesMisbehavingServer: Bool = false,
    _ run: @escaping (GrpcTesting.TestService.Client, InteropClient) async throws -> Void
  ) {
    self.name = name
    self.takesMisbehavingServer = takesMisbehavingServer
    self.run = run
  }

  static var all: [InteropCase] { regular + negative }

  private static var regular: [InteropCase] {
    [
      InteropCase("empty_unary") { stub, _ in try await emptyUnary(stub) },
      InteropCase("large_unary") { stub, _ in try await largeUnary(stub) },
      InteropCase("client_compressed_unary") { stub, client in
        try await clientCompressedUnary(stub, probes: client.probes)
      },
      InteropCase("server_compressed_unary") { stub, _ in try await serverCompressedUnary(stub) },
      InteropCase("client_streaming") { stub, _ in try await clientStreaming(stub) },
      InteropCase("client_compressed_streaming") { stub, client in
        try await clientCompressedStreaming(stub, probes: client.probes)
      },
      InteropCase("server_streaming") { stub, _ in try await serverStreaming(stub) },
      InteropCase("server_compressed_streaming") { stub, _ in try await serverCompressedStreaming(stub) },
      InteropCase("ping_pong") { stub, _ in try await pingPong(stub) },
      InteropCase("empty_stream") { stub, _ in try await emptyStream(stub) },
      InteropCase("custom_metadata") { stub, _ in try await customMetadata(stub) },
      InteropCase("status_code_and_message") { stub, _ in
        try await echoedStatus("test status message", stub)
      },
      InteropCase("special_status_message") { stub, _ in
        try await echoedStatus("\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n", stub)
      },
      InteropCase("unimplemented_method") { stub, _ in try await unimplementedMethod(stub) },
      InteropCase("unimplemented_service") { stub, _ in try await unimplementedService(stub) },
      InteropCase("cancel_after_begin") { stub, _ in try await cancelAfterBegin(stub) },
      InteropCase("cancel_after_first_response") { stub, _ in try await cancelAfterFirstResponse(stub) },
      InteropCase("timeout_on_sleeping_server") { stub, _ in try await timeoutOnSleepingServer(stub) },
      InteropCase("rpc_soak") { stub, client in
        try await Soak(options: client.soak).run { try await $0(stub) }
      },
      InteropCase("channel_soak") { _, client in
        try await Soak(options: client.soak).run { try await client.withChannel($0) }
      },
    ]
  }

  private static var negative: [InteropCase] {
    [
      InteropCase("goaway", takesMisbehavingServer: true) { stub, _ in
        try await largeUnary(stub)
        try await largeUnary(stub)
      },
      InteropCase("rst_after_header", takesMisbehavingServer: true) { stub, _ in try await failingUnary(stub)
      },
      InteropCase("rst_during_data", takesMisbehavingServer: true) { stub, _ in try await failingUnary(stub)
      },
      InteropCase("rst_after_data", takesMisbehavingServer: true) { stub, _ in try await failingUnary(stub) },
      InteropCase("ping", takesMisbehavingServer: true) { stub, _ in try await largeUnary(stub) },
      InteropCase("max_streams", takesMisbehavingServer: true) { stub, _ in try await maxStreams(stub) },
      InteropCase("data_frame_padding", takesMisbehavingServer: true) { stub, _ in
        try await largeUnary(stub)
      },
    ]
  }
}
