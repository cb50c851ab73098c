import CIMCore
import CIMProtos
import Logging
import NIOCore
import NgRPC

/// A server of cim: holds clients' connections, delivers what routes push, and relays what clients send.
///
/// Serve `clientServices` on the port for clients and `pushServices` on the port for routes, then `run`. To stop, call
/// `shutdown` first, and shut the two `RPCServer`s down when it has returned.
public final class ServerNode: Sendable {
  /// Where the server is reached, which need not be where it listens.
  public struct Advertised: Sendable, Hashable {
    /// By clients.
    public var client: Endpoint
    /// By routes.
    public var push: Endpoint

    /// Names both places.
    public init(client: Endpoint, push: Endpoint) {
      self.client = client
      self.push = push
    }
  }

  private let core: ServerCore
  private let registry: any ServerRegistry
  private let registration = Latest<any Registration>()
  private let readinessChanges = Latest(false)
  private let stopped = Latest<Void>()

  /// Creates a server; nothing happens until `run`.
  public init(configuration: ServerConfiguration, registry: any ServerRegistry, logger: Logger) {
    core = ServerCore(configuration: configuration, logger: logger)
    self.registry = registry
  }

  /// What clients call: `cim.v1.Session`.
  public var clientServices: [any RPCService] { [SessionService(core: core)] }

  /// What routes call: `cim.v1.Push`.
  public var pushServices: [any RPCService] { [PushService(core: core)] }

  /// The registration that stands; nil before the first and after `shutdown`.
  public var instance: ServerInstance? { core.instance }

  /// How many clients are connected.
  public var sessionCount: Int { core.sessionCount }

  /// How many routes are linked.
  public var linkCount: Int { core.links.count }

  /// What was counted since the start.
  public var statistics: ServerStatistics { core.counters.statistics }

  /// Whether the server is registered and not going away, now and on each change; ends with `shutdown`.
  public func readiness() -> AsyncStream<Bool> { readinessChanges.values() }

  /// Registers the server, and follows its registration until it is withdrawn by `shutdown` or the task is cancelled.
  ///
  /// While the registry is away this waits for it. A new registration, after the registry lost the first, voids all
  /// sessions' records: links are made anew, and all sessions are stated again.
  ///
  /// - Throws: `StoreError` when the registry refuses the server.
  public func run(advertising advertised: Advertised) async throws {
    let record = ServerRecord(
      instance: ServerInstance(id: core.configuration.id, incarnation: .random()),
      clientEndpoint: advertised.client, pushEndpoint: advertised.push, version: core.configuration.version)
    // Routes may come as soon as the record can be seen, which is before `register` returns.
    core.instance = record.instance
    guard let registration = try await register(record) else { return }
    self.registration.publish(registration)
    guard !core.isDraining else { return await registration.withdraw() }
    readinessChanges.publish(true)
    for await instance in registration.instances() {
      core.logger.info("registered", metadata: ["instance": "\(instance)"])
      if instance != core.instance { become(instance) }
    }
    // Does nothing when `shutdown` has done it.
    await registration.withdraw()
  }

  /// Nil when `shutdown` was called or the task was cancelled before the registry took the record.
  private func register(_ record: ServerRecord) async throws -> (any Registration)? {
    try await withThrowingTaskGroup(of: (any Registration)?.self) { group in
      group.addTask {
        do throws(StoreError) {
          return try await self.registry.register(record)
        } catch {
          guard error.code == .cancelled else { throw error }
          return nil
        }
      }
      group.addTask {
        for await _ in self.stopped.values() { break }
        return nil
      }
      // The first of the two ends the other; a registration that comes all the same has to be withdrawn.
      var registration: (any Registration)?
      while let result = try await group.next() {
        group.cancelAll()
        registration = registration ?? result
      }
      return registration
    }
  }

  private func become(_ instance: ServerInstance) {
    core.instance = instance
    core.links.endAll(RPCError(code: .aborted, message: LinkHandler.outdated))
    core.shards.pushToAll(.restate)
  }

  /// Goes away in good order: takes no new clients, says so in the registry, and asks the clients to leave, spread over
  /// `ServerConfiguration.drainSpread`. Returns when all have left, at the latest after `grace`, when the connections of the
  /// rest are ended.
  ///
  /// The entry in the registry and the links stay until then, so that nobody who is still here is taken for dead; links are
  /// ended last, behind the reports of who has left.
  public func shutdown(within grace: Duration) async {
    core.isDraining = true
    stopped.publish(())
    readinessChanges.publish(false)
    readinessChanges.finish()
    let start = NIODeadline.now()
    let end = start + TimeAmount(grace)
    if core.sessionCount > 0 {
      let servers = await announceDraining()
      let spread = core.configuration.drainSpread ?? .nanoseconds(TimeAmount(grace).nanoseconds / 2)
      core.shards.pushToAll(
        .drain(
          DrainSchedule.Plan(
            start: .now(), spread: min(spread, TimeAmount(grace)), end: end, servers: servers)))
    }
    await waitUntilEmpty(within: max(.zero, .nanoseconds((end - .now()).nanoseconds)))
    core.shards.pushToAll(
      .endAll(RPCError(code: .unavailable, message: SessionHandler.goingAway)))
    // Ending is done on the event loops; the sessions' count tells when.
    await waitUntilEmpty(within: .seconds(1))
    await registration.value?.withdraw()
    // A route that has not heard yet that the server left the registry gets no new link. Links end by nothing else, and the
    // push port would wait for them.
    core.instance = nil
    let status = RPCError(code: .unavailable, message: "This server has gone away.")
    core.links.endAll(status)
    core.pages.endAll(status)
  }

  /// Tells everybody that no client is to be sent here any more.
  ///
  /// - Returns: where clients can go; empty when the registry does not say in time.
  private func announceDraining() async -> [CimV1.ServerEndpoint] {
    let servers = await within(Self.registryTime) { [core, registration, registry] in
      do throws(StoreError) {
        try await registration.value?.setDraining(true)
      } catch {
        // It is told when the registry is back; until then this server refuses new clients itself.
        core.logger.notice(
          "could not say in the registry that this server goes away", metadata: ["error": "\(error)"])
      }
      for await servers in registry.servers() { return servers }
      return []
    }
    return (servers ?? []).filter { !$0.isDraining && $0.instance.id != core.configuration.id }.map {
      server in
      CimV1.ServerEndpoint(
        id: server.instance.id.rawValue, host: server.clientEndpoint.host,
        port: UInt32(clamping: server.clientEndpoint.port))
    }
  }

  /// How long the registry may take when the server goes away.
  private static let registryTime = Duration.seconds(1)

  /// What `body` returns, or nil when it takes longer than that; it is cancelled then.
  private func within<Value: Sendable>(
    _ limit: Duration, _ body: @escaping @Sendable () async -> Value
  ) async -> Value? {
    await withTaskGroup { group in
      group.addTask { Optional(await body()) }
      group.addTask {
        try? await Task.sleep(for: limit)
        return nil
      }
      defer { group.cancelAll() }
      return await group.next() ?? nil
    }
  }

  private func waitUntilEmpty(within limit: Duration) async {
    _ = await within(limit) { [core] in
      for await count in core.sessionCounts.values() where count == 0 { return }
    }
  }
}
