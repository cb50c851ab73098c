public import NgRPC
import NgRPCProtos

/// The standard reflection service of gRPC, `grpc.reflection.v1` and `v1alpha`: tells clients such as `grpcurl` and
/// `buf curl` what a server serves.
///
/// ```swift
/// let server = RPCServer(
///   services: [greeter, HealthService(), ReflectionService(GreeterProtosDescriptors.all)], logger: logger)
/// ```
public struct ReflectionService: RPCService {
  typealias Request = GrpcReflectionV1.ServerReflectionRequest
  typealias Response = GrpcReflectionV1.ServerReflectionResponse

  private let index: ReflectionIndex

  /// - Parameter files: what declares the services that the server serves, with all that is imported. The standard services' files need not be
  ///   given.
  public init(_ files: [ProtobufFileDescriptor]) {
    index = ReflectionIndex(files: files + NgRPCProtosDescriptors.all)
  }

  public func register(with router: inout RPCRouter) {
    // The messages of both versions are the same on the wire.
    for method in [
      GrpcReflectionV1.ServerReflection.Methods.serverReflectionInfo,
      GrpcReflectionV1alpha.ServerReflection.Methods.serverReflectionInfo,
    ] {
      router.bidirectional(method) {
        (requests: RequestStream<Request>, responses: ResponseWriter<Response>, context: ServerContext) in
        for try await request in requests {
          try await responses.send(index.answer(to: request, services: context.servedServices))
        }
      }
    }
  }
}
