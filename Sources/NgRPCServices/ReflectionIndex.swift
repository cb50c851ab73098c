import NgRPC
import NgRPCProtos

/// What reflection knows: answers its questions, as `grpc/reflection/v1/reflection.proto` asks.
struct ReflectionIndex {
  private let files: [String: ProtobufFileDescriptor]
  /// The file that declares each symbol.
  private let fileNames: [String: String]

  /// - Parameter files: all that is known; a file may be there twice.
  init(files: [ProtobufFileDescriptor]) {
    self.files = Dictionary(files.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var fileNames: [String: String] = [:]
    for file in files {
      for symbol in file.symbols { fileNames[symbol] = file.name }
    }
    self.fileNames = fileNames
    for file in files {
      for name in file.imports where self.files[name] == nil {
        preconditionFailure("\(file.name) imports \(name), which reflection was not given")
      }
    }
  }

  /// - Parameter services: the full names of those that are served.
  func answer(
    to request: GrpcReflectionV1.ServerReflectionRequest, services: [String]
  ) -> GrpcReflectionV1.ServerReflectionResponse {
    let answer: GrpcReflectionV1.ServerReflectionResponse.MessageResponse =
      switch request.messageRequest {
      case .fileByFilename(let name): self.files(from: name) ?? notFound("file", name)
      case .fileContainingSymbol(let symbol):
        fileNames[symbol].flatMap(self.files(from:)) ?? notFound("symbol", symbol)
      case .fileContainingExtension(let wanted):
        notFound("extension", "\(wanted.containingType) \(wanted.extensionNumber)")
      case .allExtensionNumbersOfType(let type):
        // The generator knows no extensions.
        fileNames[type] == nil
          ? notFound("type", type) : .allExtensionNumbersResponse(.init(baseTypeName: type))
      case .listServices:
        .listServicesResponse(.init(service: services.map { GrpcReflectionV1.ServiceResponse(name: $0) }))
      case nil:
        error(.invalidArgument, "The request asks nothing, or something that this server does not know.")
      }
    return GrpcReflectionV1.ServerReflectionResponse(
      validHost: request.host, originalRequest: request, messageResponse: answer)
  }

  /// The file and all that it imports, each once, the file first.
  private func files(from name: String) -> GrpcReflectionV1.ServerReflectionResponse.MessageResponse? {
    guard let file = files[name] else { return nil }
    var names = [name]
    var descriptors: [[UInt8]] = []
    var next = [file]
    while let file = next.popLast() {
      descriptors.append(file.serialized)
      for name in file.imports where !names.contains(name) {
        names.append(name)
        next.append(files[name]!)
      }
    }
    return .fileDescriptorResponse(.init(fileDescriptorProto: descriptors))
  }

  private func notFound(
    _ kind: String, _ name: String
  ) -> GrpcReflectionV1.ServerReflectionResponse.MessageResponse {
    error(.notFound, "The \(kind) \"\(name)\" is not known here.")
  }

  private func error(
    _ code: StatusCode, _ message: String
  ) -> GrpcReflectionV1.ServerReflectionResponse.MessageResponse {
    .errorResponse(.init(errorCode: Int32(code.rawValue), errorMessage: message))
  }
}
