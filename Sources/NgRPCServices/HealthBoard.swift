import NgRPCProtos

/// The statuses, and who watches them. Watchers are told by what changes a status, so under the lock around the board, and
/// so in the order of the changes.
struct HealthBoard {
  typealias Status = HealthService.Status
  typealias Watcher = AsyncStream<Status>.Continuation

  private(set) var statuses: [String: Status]
  private var watchers: [String: [Int: Watcher]] = [:]
  private var nextID = 0
  private var isDraining = false

  init(statuses: [String: Status]) {
    self.statuses = statuses
  }

  /// Does nothing when nothing changes, or after ``drain()``.
  mutating func set(_ status: Status, for service: String) {
    guard !isDraining, statuses.updateValue(status, forKey: service) != status else { return }
    watchers[service]?.values.forEach { $0.yield(status) }
  }

  /// Nothing is ready from now on: the watchers are told that, and then no more.
  mutating func drain() {
    isDraining = true
    statuses = statuses.mapValues { _ in .notServing }
    for watcher in watchers.values.flatMap(\.values) {
      watcher.yield(.notServing)
      watcher.finish()
    }
  }

  /// Adds a watcher, and tells it the status now.
  ///
  /// - Returns: what names the watcher.
  mutating func add(_ watcher: Watcher, of service: String) -> Int {
    nextID += 1
    watchers[service, default: [:]][nextID] = watcher
    watcher.yield(statuses[service] ?? .serviceUnknown)
    if isDraining { watcher.finish() }
    return nextID
  }

  mutating func removeWatcher(_ id: Int, of service: String) {
    watchers[service]?[id] = nil
    if watchers[service]?.isEmpty == true { watchers[service] = nil }
  }
}
