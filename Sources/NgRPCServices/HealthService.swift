public import NgRPC
public import NgRPCProtos
import Synchronization

/// The standard health service of gRPC, `grpc.health.v1.Health`: says whether services are ready to serve.
///
/// Add it to a server, and tell it of changes from anywhere with ``setStatus(_:for:)``. The empty name stands for the
/// process as a whole; it is what Kubernetes asks for. When the server shuts down, it drains.
///
/// ```swift
/// let server = RPCServer(
///   services: [greeter, HealthService(), ReflectionService(GreeterProtosDescriptors.all)], logger: logger)
/// ```
public final class HealthService: GrpcHealthV1.Health.Service {
  /// What is said of a service.
  public typealias Status = GrpcHealthV1.HealthCheckResponse.ServingStatus

  private let board: Mutex<HealthBoard>

  /// - Parameter statuses: by the services' full names; by default the process serves.
  public init(_ statuses: [String: Status] = ["": .serving]) {
    board = Mutex(HealthBoard(statuses: statuses))
  }

  /// Says from now on that `service` is in `status`, and tells those who watch it, if that is a change.
  ///
  /// After ``drain()`` this does nothing.
  ///
  /// - Parameters:
  ///   - status: `.serving` or `.notServing`.
  ///   - service: the full name, such as `cim.v1.Route`; empty for the process as a whole.
  public func setStatus(_ status: Status, for service: String = "") {
    board.withLock { $0.set(status, for: service) }
  }

  /// Says from now on that nothing is ready, whatever ``setStatus(_:for:)`` is told later, and ends each Watch with
  /// UNAVAILABLE, so that none holds up the shutdown of the server.
  public func drain() {
    board.withLock { $0.drain() }
  }

  public func serverShutsDown() { drain() }

  /// - Throws: NOT_FOUND when the service is not known here.
  public func check(
    _ request: GrpcHealthV1.HealthCheckRequest, context: ServerContext
  ) async throws -> GrpcHealthV1.HealthCheckResponse {
    guard let status = board.withLock({ $0.statuses[request.service] }) else {
      throw RPCError(code: .notFound, message: "The service \"\(request.service)\" is not known here.")
    }
    return GrpcHealthV1.HealthCheckResponse(status: status)
  }

  public func list(
    _ request: GrpcHealthV1.HealthListRequest, context: ServerContext
  ) async throws -> GrpcHealthV1.HealthListResponse {
    let statuses = board.withLock { $0.statuses }
    return GrpcHealthV1.HealthListResponse(
      statuses: statuses.mapValues { GrpcHealthV1.HealthCheckResponse(status: $0) })
  }

  /// Sends the status at once and at each change; a slow reader misses what was overtaken.
  public func watch(
    _ request: GrpcHealthV1.HealthCheckRequest,
    responses: ResponseWriter<GrpcHealthV1.HealthCheckResponse>, context: ServerContext
  ) async throws {
    let (statuses, watcher) = AsyncStream.makeStream(of: Status.self, bufferingPolicy: .bufferingNewest(1))
    let id = board.withLock { $0.add(watcher, of: request.service) }
    defer { board.withLock { $0.removeWatcher(id, of: request.service) } }
    for await status in statuses {
      try await responses.send(GrpcHealthV1.HealthCheckResponse(status: status))
    }
    try Task.checkCancellation()
    throw RPCError(code: .unavailable, message: "The server is going away.")
  }
}
