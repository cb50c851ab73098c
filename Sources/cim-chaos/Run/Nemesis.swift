import CIMChaos
import Foundation
import Synchronization
import TestSupport

/// Does to a system what a schedule says.
final class Nemesis: Sendable {
  /// How long a process may take to end when it is asked to.
  private static let stopLimit: Duration = .seconds(30)

  let system: ChaosSystem
  let hosts: [ClientHost]
  private let pool = TargetPool()
  private let done = Mutex<[FaultKind]>([])

  init(_ system: ChaosSystem, hosts: [ClientHost]) {
    self.system = system
    self.hosts = hosts
  }

  /// What has been done so far.
  var faults: [FaultKind] { self.done.withLock { $0 } }

  /// Carries a schedule out. When it returns, everything runs again.
  func carryOut(_ schedule: FaultSchedule) async throws {
    let start = ContinuousClock.now
    try await withThrowingTaskGroup { group in
      for fault in schedule.faults {
        group.addTask {
          try await Task.sleep(until: start + .milliseconds(fault.time))
          try await self.carryOut(fault)
        }
      }
      try await group.waitForAll()
    }
  }

  private func carryOut(_ fault: FaultSchedule.Fault) async throws {
    switch fault.kind.target {
    case .server: try await self.with(self.system.servers, \.id, fault) { try await self.harm($0, fault) }
    case .route: try await self.with(self.system.routes, \.id, fault) { try await self.harm($0, fault) }
    case .client: try await self.with(self.hosts, \.id, fault) { try await self.harm($0, fault) }
    case .redis:
      try await self.with([self.system], { _ in "redis" }, fault) { try await self.harmRedis($0, fault) }
    case .zooKeeper:
      try await self.with([self.system], { _ in "zookeeper" }, fault) {
        try await self.harmZooKeeper($0, fault)
      }
    }
  }

  private func with<Target: Sendable>(
    _ targets: [Target], _ id: (Target) -> String, _ fault: FaultSchedule.Fault,
    _ body: (Target) async throws -> Void
  ) async throws {
    let ids = targets.map(id)
    let index = try await self.pool.take(from: ids, startingAt: fault.target % targets.count)
    Report.line("\(fault.kind.rawValue) \(ids[index]) for \(fault.duration) ms")
    self.done.withLock { $0.append(fault.kind) }
    try await body(targets[index])
    await self.pool.release(ids[index])
  }

  private func harm(_ node: CimNode, _ fault: FaultSchedule.Fault) async throws {
    let duration = Duration.milliseconds(fault.duration)
    switch fault.kind {
    case .killServer, .killRoute:
      try await node.kill()
      try await Task.sleep(for: duration)
      try node.start()
    case .restartServer, .restartRoute:
      try await node.stop(within: Self.stopLimit)
      try await Task.sleep(for: duration)
      try node.start()
    case .pauseServer, .pauseRoute:
      node.signal(SIGSTOP)
      try await Task.sleep(for: duration)
      node.signal(SIGCONT)
    case .cutLinks: node.pushRelay.cut()
    case .cutClients: node.clientRelay.cut()
    case .halfOpenLinks: try await self.silence(node.pushRelay, Set(Relay.Direction.allCases), duration)
    case .oneWayLinks: try await self.silence(node.pushRelay, [.fromCaller], duration)
    case .halfOpenClients, .halfOpenRoute:
      try await self.silence(node.clientRelay, Set(Relay.Direction.allCases), duration)
    case .oneWayClients: try await self.silence(node.clientRelay, [.toCaller], duration)
    default: preconditionFailure("\(fault.kind) is not for a route or a server")
    }
  }

  private func silence(
    _ relay: Relay, _ directions: Set<Relay.Direction>, _ duration: Duration
  ) async throws {
    relay.setSilent(directions)
    try await Task.sleep(for: duration)
    relay.setSilent(false)
  }

  private func harm(_ host: ClientHost, _ fault: FaultSchedule.Fault) async throws {
    let duration = Duration.milliseconds(fault.duration)
    switch fault.kind {
    case .killClient:
      try await host.kill()
      try await Task.sleep(for: duration)
      try host.start()
    case .pauseClient:
      host.signal(SIGSTOP)
      try await Task.sleep(for: duration)
      host.signal(SIGCONT)
    case .leave:
      for name in host.names { try host.tell(.leave(name: name)) }
      try await Task.sleep(for: duration)
      for name in host.names { try host.tell(.enter(name: name)) }
    default: preconditionFailure("\(fault.kind) is not for a client")
    }
  }

  private func harmRedis(_ system: ChaosSystem, _ fault: FaultSchedule.Fault) async throws {
    if fault.kind == .killRedis {
      try await system.redis.kill()
      try await Task.sleep(for: .milliseconds(fault.duration))
      try await system.redis.start()
    } else {
      system.redis.pause()
      try await Task.sleep(for: .milliseconds(fault.duration))
      system.redis.resume()
    }
  }

  private func harmZooKeeper(_ system: ChaosSystem, _ fault: FaultSchedule.Fault) async throws {
    if fault.kind == .killZooKeeper {
      try await system.zooKeeper.kill()
      try await Task.sleep(for: .milliseconds(fault.duration))
      try await system.zooKeeper.start()
    } else {
      system.zooKeeper.pause()
      try await Task.sleep(for: .milliseconds(fault.duration))
      system.zooKeeper.resume()
    }
  }
}
