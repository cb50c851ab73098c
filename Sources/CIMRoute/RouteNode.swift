import CIMCore
import CIMProtos
import Logging
import NIOCore
import NIOPosix
import NgRPC

/// A route of cim: accounts, login, the choice of a server, the log of messages, and who gets them. It keeps nothing of its
/// own: any number of them work side by side.
///
/// Serve `services` in an `RPCServer`, then `run`. To stop, call `withdraw`, shut that server down, then call `shutdown`.
public final class RouteNode: Sendable {
  private let core: RouteCore
  private let registry: any ServerRegistry
  private let eventLoopGroup: any EventLoopGroup
  private let readinessProbe: Readiness
  private let withdrawn = Latest<Void>()
  private let isRegistered = Latest(false)
  private let stopped = Latest<Void>()

  /// Creates a route; nothing happens until `run`.
  ///
  /// - Parameter eventLoopGroup: where the links to servers live.
  public init(
    configuration: RouteConfiguration, stores: Stores, registry: any ServerRegistry,
    eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton, logger: Logger
  ) {
    core = RouteCore(configuration: configuration, stores: stores, logger: logger)
    self.registry = registry
    self.eventLoopGroup = eventLoopGroup
    readinessProbe = Readiness(
      stores: stores, registry: registry, links: core.links, interval: configuration.probeInterval,
      logger: logger)
  }

  /// What clients and other services call: `cim.v1.Route`.
  public var services: [any RPCService] { [RouteAPI(core: core)] }

  /// What operators call: `cim.v1.Admin`. It asks nobody who they are: serve it on a port of its own, behind something that does.
  public var adminServices: [any RPCService] { [AdminAPI(core: core)] }

  /// Whether the stores answer and the registry has told its servers.
  public var isReady: Bool { readinessProbe.isReady }

  /// `isReady` now, and each change; ends with `shutdown`.
  public func readiness() -> AsyncStream<Bool> { readinessProbe.changes() }

  /// How many servers are linked and take clients.
  public var readyServers: Int { core.links.readyServers }

  /// How many clients each of these has, by what it told last, every second, and those whom this route has sent there since.
  public var connections: [ServerID: Int] { core.links.connections }

  /// What was counted since the start.
  public var statistics: RouteStatistics { core.counters.statistics }

  /// Follows the registry, keeps a link to every server, and enters the route in the registry; until `shutdown`, or until
  /// the task is cancelled.
  ///
  /// - Parameter endpoint: where clients reach the route; nil leaves it out of the registry.
  /// - Throws: `StoreError` when the registry refuses the route.
  public func run(advertising endpoint: Endpoint?) async throws {
    defer { core.links.stop() }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await self.followServers() }
      group.addTask { await self.readinessProbe.watch() }
      group.addTask { await self.sweep() }
      group.addTask { await self.audit() }
      group.addTask {
        await self.core.followStore()
        await self.waitForStop()
      }
      group.addTask {
        await self.core.delayed.run()
        await self.waitForStop()
      }
      group.addTask { await self.waitForStop() }
      if let endpoint { group.addTask { try await self.keepRegistered(at: endpoint) } }
      // None of them ends by itself but the one that waits for the stop, and one that fails.
      try await group.next()
      group.cancelAll()
      try await group.waitForAll()
    }
  }

  private func waitForStop() async {
    for await _ in stopped.values() { return }
  }

  private func followServers() async {
    for await records in registry.servers() {
      core.links.apply(records) { record in
        ServerLink(to: record, core: core, on: eventLoopGroup.next())
      }
    }
  }

  private func keepRegistered(at endpoint: Endpoint) async throws {
    let record = RouteRecord(
      instance: ServerInstance(id: core.configuration.id, incarnation: .random()), endpoint: endpoint,
      version: core.configuration.version)
    let registration: any Registration
    do {
      registration = try await registry.register(record)
    } catch {
      guard error.code == .cancelled else { throw error }
      return
    }
    isRegistered.publish(true)
    await waitUntilWithdrawn()
    await registration.withdraw()
    isRegistered.publish(false)
    await waitForStop()
  }

  private func waitUntilWithdrawn() async {
    for await _ in withdrawn.values() { return }
  }

  private func sweep() async {
    let configuration = core.configuration
    await Sweeper(
      sessions: core.stores.sessions, registry: registry, links: core.links,
      grace: configuration.unknownServerGrace, interval: configuration.sweepInterval, counters: core.counters,
      logger: core.logger
    ).run()
  }

  private func audit() async {
    await SessionAudit(
      sessions: core.stores.sessions, links: core.links, interval: core.configuration.auditInterval,
      logger: core.logger
    ).run()
  }

  /// Leaves the registry, so that nobody new comes; what is asked all the same is answered as before. Returns when the
  /// registry knows, or when it is away.
  public func withdraw() async {
    readinessProbe.finish()
    withdrawn.publish(())
    for await isRegistered in isRegistered.values() where !isRegistered { return }
  }

  /// Stops: what was accepted is finished and answered first, for up to `grace`; then the links are ended behind it. What
  /// servers ask from now on is not answered: they ask elsewhere when the links end.
  public func shutdown(within grace: Duration) async {
    core.delayed.stop()
    await withdraw()
    core.isDraining = true
    await race(for: grace) {
      await self.core.delayed.waitUntilIdle()
      await self.core.gate.waitUntilIdle()
      await self.core.intake.waitUntilIdle()
      await self.core.devices.waitUntilIdle()
      await self.core.desk.persistence.waitUntilIdle()
      await self.core.acks.waitUntilIdle()
      await self.core.reads.waitUntilIdle()
      await self.core.receipts.waitUntilIdle()
    } whenLate: {
    }
    await race(for: min(grace, Self.farewell)) {
      await self.core.links.finish()
    } whenLate: {
      self.core.links.stop()
    }
    stopped.publish(())
  }

  /// How long servers have to end the links that this route has ended.
  private static let farewell = Duration.seconds(1)

  private func race(
    for limit: Duration, _ work: @escaping @Sendable () async -> Void,
    whenLate: @escaping @Sendable () -> Void
  ) async {
    await withTaskGroup { group in
      group.addTask { await work() }
      group.addTask {
        // Cancelled when the work is done before.
        do { try await Task.sleep(for: limit) } catch { return }
        whenLate()
      }
      await group.next()
      group.cancelAll()
    }
  }
}
