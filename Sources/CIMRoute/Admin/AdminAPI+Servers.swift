import CIMCore
import CIMProtos
import NIOCore
import NgRPC

extension AdminAPI {
  func listServers(
    _ request: CimV1.ListServersRequest, context: ServerContext
  ) async throws -> CimV1.ListServersResponse {
    try requireServers()
    var servers: [CimV1.ServerState] = []
    for (server, link) in core.links.known {
      servers.append(CimV1.ServerState(server, await link?.backlog() ?? LinkBacklog()))
    }
    return CimV1.ListServersResponse(routeID: core.configuration.id.rawValue, servers: servers)
  }

  func getRoute(
    _ request: CimV1.GetRouteRequest, context: ServerContext
  ) async throws -> CimV1.GetRouteResponse {
    let (statistics, usage) = (core.counters.statistics, ProcessUsage.now())
    return CimV1.GetRouteResponse(
      routeID: core.configuration.id.rawValue, version: core.configuration.version,
      startedAtMs: Int64(clamping: core.startedAt.milliseconds),
      nowMs: Int64(clamping: Timestamp.now().milliseconds), accepted: UInt64(statistics.accepted),
      deduplicated: UInt64(statistics.deduplicated), deliveries: UInt64(statistics.deliveries),
      acceptance: CimV1.Latencies(
        boundsUs: LatencyHistogram.bounds, counts: core.intake.acceptance.counts),
      cpuMs: usage.cpuMilliseconds, residentBytes: usage.residentBytes)
  }
}

extension CimV1.ServerState {
  fileprivate init(_ server: ServerTable.Entry, _ backlog: LinkBacklog) {
    let record = server.record
    self.init(
      id: record.instance.id.rawValue, incarnation: record.instance.incarnation.rawValue,
      clientAddress: "\(record.clientEndpoint)", pushAddress: "\(record.pushEndpoint)",
      version: record.version, isRegistered: server.isRegistered, isDraining: record.isDraining,
      isLinked: server.isLinked, linkSinceMs: Int64(clamping: server.since.milliseconds),
      connections: server.isLinked ? UInt32(clamping: server.load.connections) : nil,
      unacknowledgedDeliveries: UInt32(clamping: backlog.unacknowledged),
      unacknowledgedBytes: UInt64(clamping: backlog.unacknowledgedBytes),
      pendingTails: UInt32(clamping: backlog.pendingTails),
      oldestUnacknowledgedMs: UInt64(clamping: backlog.oldestAge.nanoseconds / 1_000_000),
      work: server.work)
  }
}
