import CIMCore
import Logging

/// Whether a route can do its work: its stores answer, and it has been told which servers there are.
final class Readiness: Sendable {
  private let stores: [any Store]
  private let registry: any Store
  private let links: LinkSet
  private let interval: Duration
  private let logger: Logger
  private let latest = Latest(false)

  init(stores: Stores, registry: any Store, links: LinkSet, interval: Duration, logger: Logger) {
    self.stores = [
      stores.accounts, stores.logins, stores.sessions, stores.log, stores.cursors, stores.groups,
      stores.delayed, stores.reads, stores.contacts, stores.limits,
    ]
    self.registry = registry
    self.links = links
    self.interval = interval
    self.logger = logger
  }

  /// Whether it was ready when it was last looked at.
  var isReady: Bool { latest.value ?? false }

  /// The state now, and each change; ends with the route.
  func changes() -> AsyncStream<Bool> { latest.values() }

  /// Looks at all parts again and again, until the task is cancelled. Says once when something fails and once when all
  /// is well again.
  func watch() async {
    var complaints: Complaints = []
    var isFirst = true
    repeat {
      let found = await look(isFirst: isFirst)
      isFirst = false
      if complaints.isEmpty != found.isEmpty {
        if found.isEmpty {
          logger.info("the stores and the registry answer")
        } else {
          logger.warning(
            "not ready; trying again until it works", metadata: ["reason": "\(found.joined(separator: "; "))"]
          )
        }
      }
      complaints = found
      publish(found.isEmpty && links.hasBeenRead)
      do { try await Task.sleep(for: interval) } catch { break }
    } while !Task.isCancelled
    publish(false)
  }

  /// Ends the sequences of changes.
  func finish() {
    publish(false)
    latest.finish()
  }

  private typealias Complaints = [String]

  private func publish(_ isReady: Bool) {
    if latest.value != isReady { latest.publish(isReady) }
  }

  /// What does not work, each thing once. The first look comes before a registry that works could have told anything.
  private func look(isFirst: Bool) async -> Complaints {
    var complaints: Complaints = []
    for store in stores {
      if let complaint = await complaint(of: store), !complaints.contains(complaint) {
        complaints.append(complaint)
      }
    }
    // Once it has been read, the last known servers stand in for a registry that is away.
    if !links.hasBeenRead {
      if let complaint = await complaint(of: registry) {
        complaints.append(complaint)
      } else if !isFirst {
        complaints.append("the registry has not told yet which servers there are")
      }
    }
    return complaints
  }

  private func complaint(of store: any Store) async -> String? {
    do throws(StoreError) {
      try await store.ping()
      return nil
    } catch {
      return error.message
    }
  }
}
