public import NgRPC
import NgRPCProtos

/// The standard reflection service of gRPC, `grpc.reflection.v1` and `v1alpha`: tells clients such as `grpcurl` and
/// `buf curl` what a server serves.
///
/// ```swift
/// let services: [any RPCService] = [route, health]
/// let server = RPCServer(
///   services: services + [ReflectionService(of: services, files: CIMProtosDescriptors.all)], logger: logger)
/// ```
public struct ReflectionService: RPCService {
  typealias Request = GrpcReflectionV1.ServerReflectionRequest
  typealias Response = GrpcReflectionV1.ServerReflectionResponse

  private let index: ReflectionIndex

  /// - Parameters:
  ///   - services: what the server serves besides reflection.
  ///   - files: what declares them, with all that is imported. The standard services' files need not be given.
  public init(of services: [any RPCService], files: [ProtobufFileDescriptor]) {
    var router = RPCRouter()
    for service in services { service.register(with: &router) }
    index = ReflectionIndex(
      services: router.services + Self.methods.map(\.service), files: files + NgRPCProtosDescriptors.all)
  }

  private static let methods = [
    GrpcReflectionV1.ServerReflection.Methods.serverReflectionInfo,
    GrpcReflectionV1alpha.ServerReflection.Methods.serverReflectionInfo,
  ]

  public func register(with router: inout RPCRouter) {
    // The messages of both versions are the same on the wire.
    for method in Self.methods {
      router.bidirectional(method) {
        (requests: RequestStream<Request>, responses: ResponseWriter<Response>, context: ServerContext) in
        for try await request in requests { try await responses.send(index.answer(to: request)) }
      }
    }
  }
}
