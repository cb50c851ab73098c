import NgRPC
import NgRPCProtos
import NgRPCServices
import TestSupport
import Testing

@Suite("The reflection service")
struct ReflectionServiceTests {
  typealias Request = GrpcReflectionV1.ServerReflectionRequest
  typealias Response = GrpcReflectionV1.ServerReflectionResponse

  private let services: [any RPCService] = [HealthService(), ReflectionService([])]

  /// The answers to questions asked on one call.
  private func ask(_ questions: [Request.MessageRequest?]) async throws -> [Response.MessageResponse?] {
    try await withLoopback(services) { channel, _, _ in
      let call = GrpcReflectionV1.ServerReflection.Client(channel).serverReflectionInfo()
      var answers: [Response.MessageResponse?] = []
      var responses = call.messages.makeAsyncIterator()
      for question in questions {
        let request = Request(host: "here", messageRequest: question)
        try await call.send(request)
        let response = try #require(await responses.next())
        #expect(response.validHost == "here")
        #expect(response.originalRequest == request)
        answers.append(response.messageResponse)
      }
      call.finish()
      #expect(try await responses.next() == nil)
      return answers
    }
  }

  @Test("It lists what the server serves, itself included, and no more")
  func list() async throws {
    let answers = try await ask([.listServices("")])
    guard case .listServicesResponse(let list) = answers[0] else { return #expect(Bool(false), "\(answers)") }
    #expect(
      list.service.map(\.name) == [
        "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
      ])
  }

  @Test(
    "A file is found by its name and by what it declares",
    arguments: [
      Request.MessageRequest.fileByFilename("grpc/health/v1/health.proto"),
      .fileContainingSymbol("grpc.health.v1.Health"),
      .fileContainingSymbol("grpc.health.v1.Health.Watch"),
      .fileContainingSymbol("grpc.health.v1.HealthCheckResponse.ServingStatus"),
    ] as [Request.MessageRequest])
  func files(question: Request.MessageRequest) async throws {
    let answers = try await ask([question])
    let file = NgRPCProtosDescriptors.all.first { $0.name == "grpc/health/v1/health.proto" }!
    #expect(answers == [.fileDescriptorResponse(.init(fileDescriptorProto: [file.serialized]))])
  }

  @Test("A file comes with all that it imports, each once, however deep")
  func imports() async throws {
    func file(_ name: String, imports: [String]) -> ProtobufFileDescriptor {
      .init(name: name, imports: imports, services: [], symbols: [], latin1: name)
    }
    let reflection = ReflectionService([
      file("top", imports: ["left", "right"]), file("left", imports: ["base"]),
      file("right", imports: ["base"]), file("base", imports: []),
    ])
    try await withLoopback([reflection]) { channel, _, _ in
      let call = GrpcReflectionV1.ServerReflection.Client(channel).serverReflectionInfo()
      try await call.send(.init(messageRequest: .fileByFilename("top")))
      call.finish()
      for try await response in call.messages {
        guard case .fileDescriptorResponse(let files) = response.messageResponse else {
          return #expect(Bool(false), "\(response)")
        }
        let names = files.fileDescriptorProto.map { String(decoding: $0, as: UTF8.self) }
        #expect(names.first == "top")
        #expect(names.sorted() == ["base", "left", "right", "top"])
      }
    }
  }

  @Test("What is not known is answered with an error, and the call goes on")
  func unknown() async throws {
    let answers = try await ask([
      .fileByFilename("no.proto"), .fileContainingSymbol("no.Symbol"),
      .fileContainingExtension(
        .init(containingType: "grpc.health.v1.HealthCheckRequest", extensionNumber: 7)),
      .allExtensionNumbersOfType("no.Type"), nil,
      .allExtensionNumbersOfType("grpc.health.v1.HealthCheckRequest"),
    ])
    let codes = answers.map { answer -> Int32? in
      guard case .errorResponse(let error) = answer else { return nil }
      return error.errorCode
    }
    #expect(codes == [5, 5, 5, 5, 3, nil])
    #expect(
      answers[5] == .allExtensionNumbersResponse(.init(baseTypeName: "grpc.health.v1.HealthCheckRequest")))
  }

  @Test("v1alpha answers like v1")
  func alpha() async throws {
    try await withLoopback(services) { channel, _, _ in
      let call = GrpcReflectionV1alpha.ServerReflection.Client(channel).serverReflectionInfo()
      try await call.send(.init(messageRequest: .fileContainingSymbol("grpc.health.v1.Health")))
      call.finish()
      for try await response in call.messages {
        guard case .fileDescriptorResponse(let files) = response.messageResponse else {
          return #expect(Bool(false), "\(response)")
        }
        #expect(files.fileDescriptorProto.count == 1)
      }
    }
  }
}
