import NgRPC
import NgRPCProtos
import TestSupport

/// `cim route` or `cim server`: a process of its own, configured through its environment.
final class CimProcess: Sendable {
  let id: String
  let process: ChildProcess
  /// The ports it serves gRPC on, the public one first; the second is for operators, or for routes.
  let ports: [Int]

  private init(_ subcommand: String, id: String, ports: [Int], environment: [String: String?]) throws {
    self.id = id
    self.ports = ports
    process = try ChildProcess(Command(Repository.cim, [subcommand], environment: environment))
  }

  /// Starts a route.
  ///
  /// - Parameters:
  ///   - port: Where it listens for clients; by default where nobody does.
  ///   - settings: Further ones, by their environment variables.
  static func route(
    id: String, redis: String, zooKeeper: String, port: Int? = nil, settings: [String: String] = [:]
  ) throws -> CimProcess {
    let (port, admin) = (try port ?? freePort(), try freePort())
    return try CimProcess(
      "route", id: id, ports: [port, admin],
      environment: [
        "CIM_ROUTE_ID": id, "CIM_ROUTE_LISTEN": "127.0.0.1:\(port)",
        "CIM_ADMIN_LISTEN": "127.0.0.1:\(admin)",
        "CIM_REDIS_URL": redis, "CIM_ZOOKEEPER_CONNECT": zooKeeper,
      ].merging(settings) { $1 })
  }

  static func server(id: String, zooKeeper: String) throws -> CimProcess {
    let (clients, push) = (try freePort(), try freePort())
    return try CimProcess(
      "server", id: id, ports: [clients, push],
      environment: [
        "CIM_SERVER_ID": id, "CIM_SERVER_LISTEN": "127.0.0.1:\(clients)",
        "CIM_SERVER_PUSH_LISTEN": "127.0.0.1:\(push)",
        "CIM_ZOOKEEPER_CONNECT": zooKeeper,
      ])
  }

  /// The public address.
  var address: String { "127.0.0.1:\(ports[0])" }

  /// What it has logged.
  var log: String { process.output.text + process.errors.text }

  /// What it says of its health on `port`, its public one by default; nil when it doesn't answer.
  func health(port: Int? = nil) async -> GrpcHealthV1.HealthCheckResponse.ServingStatus? {
    try? await withChannel(to: port ?? ports[0]) { channel in
      let options = CallOptions(timeout: .seconds(2))
      return try await GrpcHealthV1.Health.Client(channel).check(.init(), options: options).status
    }
  }

  /// Waits until it serves, or says that it does not.
  ///
  /// - Throws: `DeadlineExceeded` with the log, at once when the process has ended.
  func wait(until status: GrpcHealthV1.HealthCheckResponse.ServingStatus) async throws {
    try await eventually(within: .seconds(30), "health \(status) on \(ports); it logged:\n\(log)") {
      guard process.isRunning else {
        throw DeadlineExceeded("cim ended (\(process.exitStatus!)); it logged:\n\(log)")
      }
      return await health() == status
    }
  }
}
