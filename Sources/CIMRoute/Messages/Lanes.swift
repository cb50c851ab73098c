import DequeModule

/// Work in order per key, and in parallel across keys: a key's jobs wait in a lane of their own, and each lane has one
/// worker at a time.
struct Lanes<Key: Hashable & Sendable, Job: Sendable>: Sendable {
  /// What becomes of a job.
  enum Admission: Hashable, Sendable {
    /// It is the first of its lane: the caller is the lane's worker now, beginning with it.
    case work
    /// The lane's worker comes to it.
    case queued
    /// It is not taken.
    case full
  }

  private let maxPerLane: Int
  private let maxInAll: Int
  /// A lane is there while it has a worker; its deque holds what waits.
  private var lanes: [Key: Deque<Job>] = [:]
  private var waiting = 0

  /// - Parameters:
  ///   - maxPerLane: how many jobs of one key may wait.
  ///   - maxInAll: how many may wait in all; also how many lanes there may be.
  init(maxPerLane: Int, maxInAll: Int) {
    self.maxPerLane = maxPerLane
    self.maxInAll = maxInAll
  }

  /// Whether there is no work.
  var isIdle: Bool { lanes.isEmpty }

  /// Adds a job to its key's lane.
  mutating func add(_ job: Job, to key: Key) -> Admission {
    guard let lane = lanes[key] else {
      guard lanes.count < maxInAll else { return .full }
      lanes[key] = []
      return .work
    }
    guard lane.count < maxPerLane, waiting < maxInAll else { return .full }
    lanes[key]?.append(job)
    waiting += 1
    return .queued
  }

  /// A lane's worker has done a job.
  ///
  /// - Returns: its next one; nil when there is none: it is the worker no more.
  mutating func next(of key: Key) -> Job? {
    guard let job = lanes[key]?.popFirst() else {
      lanes[key] = nil
      return nil
    }
    waiting -= 1
    return job
  }
}
