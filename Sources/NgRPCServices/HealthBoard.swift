import NgRPCProtos

/// The statuses, and who watches them.
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

  /// - Returns: who is to be told.
  mutating func set(_ status: Status, for service: String) -> [Watcher] {
    guard !isDraining, statuses.updateValue(status, forKey: service) != status else { return [] }
    return watchers[service].map { Array($0.values) } ?? []
  }

  /// - Returns: who is to be told that nothing is ready, and then no more.
  mutating func drain() -> [Watcher] {
    isDraining = true
    statuses = statuses.mapValues { _ in .notServing }
    return watchers.values.flatMap(\.values)
  }

  /// Adds a watcher, and tells it the status now: under the caller's lock, so that no later one comes before it.
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
