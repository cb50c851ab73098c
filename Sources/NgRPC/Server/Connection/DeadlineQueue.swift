import NIOCore

/// Something that is to be woken at a time.
protocol DeadlineOwner: AnyObject {
  /// Where it stands in its queue; kept by the queue.
  var deadlinePlace: Int { get set }
  /// The deadline has passed. The owner is not in the queue any more.
  func deadlineReached(now: NIODeadline)
}

/// The deadlines of an event loop's connections, with one timer for all of them: a binary heap.
///
/// A connection has one entry, of 32 bytes. Belongs to its event loop.
final class DeadlineQueue {
  private struct Entry {
    var deadline: NIODeadline
    let owner: any DeadlineOwner
  }

  /// The place of an owner that is not in the queue.
  static let nowhere = -1

  private let eventLoop: any EventLoop
  private var entries: [Entry] = []
  private var timer: (deadline: NIODeadline, task: Scheduled<Void>)?
  /// Set while owners are woken: the timer is looked at once, afterwards.
  private var isWaking = false

  init(eventLoop: any EventLoop) { self.eventLoop = eventLoop }

  /// How many wait.
  var count: Int { entries.count }

  /// Has `owner` woken at `deadline`, and not at an earlier one that it gave; not at all when it is in the distant future.
  func set(_ deadline: NIODeadline, for owner: any DeadlineOwner) {
    let place = owner.deadlinePlace
    if deadline == .distantFuture {
      if place != Self.nowhere { remove(at: place) }
    } else if place == Self.nowhere {
      entries.append(Entry(deadline: deadline, owner: owner))
      owner.deadlinePlace = entries.count - 1
      siftUp(entries.count - 1)
    } else if entries[place].deadline != deadline {
      entries[place].deadline = deadline
      siftUp(place)
      siftDown(owner.deadlinePlace)
    }
    setTimer()
  }

  /// Wakes those whose time has come.
  func wake(now: NIODeadline) {
    isWaking = true
    while let first = entries.first, first.deadline <= now {
      remove(at: 0)
      first.owner.deadlineReached(now: now)
    }
    isWaking = false
    setTimer()
  }

  private func setTimer() {
    guard !isWaking else { return }
    let first = entries.first?.deadline
    if let timer {
      // A timer that goes off early finds nothing to do; one that is late is replaced.
      if let first, timer.deadline <= first { return }
      timer.task.cancel()
      self.timer = nil
    }
    guard let first else { return }
    let task = eventLoop.assumeIsolated().scheduleTask(deadline: first) { [weak self] in
      guard let self else { return }
      timer = nil
      wake(now: eventLoop.now)
    }
    timer = (first, task)
  }

  // MARK: The heap

  private func remove(at place: Int) {
    entries[place].owner.deadlinePlace = Self.nowhere
    let last = entries.removeLast()
    guard place < entries.count else { return }
    put(last, at: place)
    siftUp(place)
    siftDown(last.owner.deadlinePlace)
  }

  private func put(_ entry: Entry, at place: Int) {
    entries[place] = entry
    entry.owner.deadlinePlace = place
  }

  private func siftUp(_ start: Int) {
    let entry = entries[start]
    var place = start
    while place > 0, entry.deadline < entries[(place - 1) / 2].deadline {
      put(entries[(place - 1) / 2], at: place)
      place = (place - 1) / 2
    }
    put(entry, at: place)
  }

  private func siftDown(_ start: Int) {
    let entry = entries[start]
    var place = start
    while true {
      var child = 2 * place + 1
      guard child < entries.count else { break }
      if child + 1 < entries.count, entries[child + 1].deadline < entries[child].deadline { child += 1 }
      guard entries[child].deadline < entry.deadline else { break }
      put(entries[child], at: place)
      place = child
    }
    put(entry, at: place)
  }
}
