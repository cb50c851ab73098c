import CIMCore
import Logging
import NIOCore

/// Removes the sessions that dead servers left behind, so that nobody is listed who is gone. Any number of routes may do so at
/// the same time: each session is removed only if it is still that server's.
struct Sweeper: Sendable {
  /// How many sessions are looked at in one step.
  private static let step = 500

  let sessions: any SessionStore
  let registry: any ServerRegistry
  let links: LinkSet
  let grace: TimeAmount
  let interval: Duration
  let counters: RouteCounters
  let logger: Logger

  /// Looks for dead servers again and again, until the task is cancelled.
  func run() async {
    var dead = DeadInstances(grace: grace)
    while !Task.isCancelled {
      do throws(StoreError) {
        try await look(&dead)
      } catch {
        logger.debug("dead servers' sessions could not be removed", metadata: ["error": "\(error)"])
      }
      do { try await Task.sleep(for: interval) } catch { return }
    }
  }

  private func look(_ dead: inout DeadInstances) async throws(StoreError) {
    guard links.hasBeenRead else { return }
    let known = try await sessions.knownInstances()
    let isCurrent = await isCurrent()
    // Read last: what the registry has told by its answer counts.
    let due = dead.due(
      known: known, alive: Set(links.alive), died: links.died, isCurrent: isCurrent, at: .now())
    for instance in due { try await sweep(instance) }
    links.forgetDied(except: known)
  }

  private func isCurrent() async -> Bool {
    do throws(StoreError) {
      try await registry.ping()
      return true
    } catch {
      return false
    }
  }

  private func sweep(_ instance: ServerInstance) async throws(StoreError) {
    // Before anything is removed: its link may come up at any moment.
    links.setMustRestate(instance)
    var removed = 0
    var isComplete = false
    defer { conclude(instance, removed: removed) }
    while !isComplete {
      // It may have registered while the store was being asked.
      guard !links.alive.contains(instance) else { break }
      let sweep = try await sessions.sweep(instance, limit: Self.step)
      removed += sweep.removed
      counters.swept.count(sweep.removed)
      isComplete = sweep.isComplete
    }
    if isComplete { _ = try await sessions.forget(instance) }
  }

  private func conclude(_ instance: ServerInstance, removed: Int) {
    guard removed > 0 else { return links.clearMustRestate(instance) }
    logger.info(
      "removed the sessions of a dead server", metadata: ["server": "\(instance)", "sessions": "\(removed)"])
    // It lives after all, and its link may have come up before.
    guard links.alive.contains(instance) else { return }
    links.restate(name: "swept/\(Incarnation.random())", on: instance)
  }
}
