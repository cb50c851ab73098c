import DequeModule
import NIOCore
import Synchronization

/// Something whose output is sent at the end of a drain.
protocol Flushable: AnyObject {
  /// Sends what has collected. On the event loop; may make more work for the executor.
  func flushOutput()
}

/// Runs tasks on an event loop, so that a handler answers a request within the read that brought it.
///
/// One run queue and one list of connections with output per loop. Work is run in a *drain*: at the end of a read, or,
/// for jobs that come at another time or from another thread, in one that is scheduled for them. A drain ends by
/// flushing every connection that has output, whichever of them it was that began it: many answers, one write.
/// Drains never nest, and never run inside a callback of nghttp2.
///
/// `@unchecked Sendable`: everything but `remote` is touched on the event loop only, which `enqueue` checks.
///
/// `@exclusivity(unchecked)`: all of it is touched on one event loop, and no access spans a call of other code; the checks would
/// take a tenth of what a message takes.
final class EventLoopExecutor: TaskExecutor, @unchecked Sendable {
  /// After this long a drain gives way to the loop's other work.
  private static let budget = TimeAmount.milliseconds(1)

  /// Longer than NIO takes to find that no task is due, which without optimization is tens of microseconds.
  private static let pause = TimeAmount.microseconds(50)

  let eventLoop: any EventLoop

  /// What the loop's connections use one after another.
  let buffers = EventLoopBuffers()
  @exclusivity(unchecked) private var jobs = Deque<UnownedJob>()
  @exclusivity(unchecked) private var unflushed: [any Flushable] = []
  @exclusivity(unchecked) private var isDraining = false
  /// A read is being handled; its end drains.
  @exclusivity(unchecked) private var isReading = false
  @exclusivity(unchecked) private var isScheduled = false

  private struct Remote: ~Copyable {
    var jobs: [UnownedJob] = []
    var isScheduled = false
  }
  private let remote = Mutex(Remote())

  private init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

  private static let executors = Mutex<[ObjectIdentifier: EventLoopExecutor]>([:])

  /// The executor of an event loop: there is one for each.
  static func of(_ eventLoop: any EventLoop) -> EventLoopExecutor {
    executors.withLock { executors in
      let id = ObjectIdentifier(eventLoop)
      // A loop's identity can come back after it has gone.
      if let executor = executors[id], executor.eventLoop === eventLoop { return executor }
      let executor = EventLoopExecutor(eventLoop)
      executors[id] = executor
      return executor
    }
  }

  // MARK: Jobs

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    if eventLoop.inEventLoop {
      jobs.append(job)
      scheduleDrain()
      return
    }
    let schedule = remote.withLock { remote in
      remote.jobs.append(job)
      defer { remote.isScheduled = true }
      return !remote.isScheduled
    }
    if schedule { eventLoop.execute { self.drain() } }
  }

  // MARK: Drains

  /// A read begins: jobs wait for its end.
  func beginRead() { isReading = true }

  /// The read has ended.
  func endRead() {
    isReading = false
    drain()
  }

  /// `connection` has output: it is flushed at the end of this drain, or of one scheduled for it.
  func needsFlush(_ connection: any Flushable) {
    unflushed.append(connection)
    scheduleDrain()
  }

  private func scheduleDrain() {
    guard !isDraining, !isReading, !isScheduled else { return }
    isScheduled = true
    eventLoop.execute { self.scheduledDrain() }
  }

  /// There is one at a time: several that each take their time would leave none for the sockets.
  private func scheduledDrain() {
    isScheduled = false
    drain()
  }

  private func drain() {
    guard !isDraining else { return }
    isDraining = true
    let deadline = NIODeadline.now() + Self.budget
    var ran = 0
    var isOverdue = false
    repeat {
      takeRemoteJobs()
      while !isOverdue, let job = jobs.popFirst() {
        job.runSynchronously(on: asUnownedTaskExecutor())
        ran += 1
        // The clock is not free.
        if ran % 16 == 0 { isOverdue = NIODeadline.now() >= deadline }
      }
      flush()
      // What a flush has made possible, such as a sender that may go on, belongs to this drain.
    } while !isOverdue && !jobs.isEmpty
    isDraining = false
    if !jobs.isEmpty || !unflushed.isEmpty { continueSoon() }
  }

  /// Goes on after the loop has looked at its sockets.
  ///
  /// NIO runs all tasks that are due before it does that, and looks for them again after each round: what is due too soon would come
  /// before the sockets, for ever.
  private func continueSoon() {
    guard !isScheduled else { return }
    isScheduled = true
    _ = eventLoop.assumeIsolated().scheduleTask(in: Self.pause) { self.scheduledDrain() }
  }

  private func takeRemoteJobs() {
    let taken = remote.withLock { remote in
      remote.isScheduled = false
      guard !remote.jobs.isEmpty else { return [UnownedJob]() }
      defer { remote.jobs.removeAll(keepingCapacity: true) }
      return remote.jobs
    }
    if !taken.isEmpty { jobs.append(contentsOf: taken) }
  }

  private func flush() {
    var index = 0
    while index < unflushed.count {
      unflushed[index].flushOutput()
      index += 1
    }
    unflushed.removeAll(keepingCapacity: true)
  }
}
