import Foundation
import Synchronization

/// The one thread that starts child processes.
///
/// The kernel sends a child's parent-death signal when the *thread* that started it ends, and the threads of Swift's
/// pool come and go. This one lives as long as the process, so children die with the process and not before.
final class SpawningThread: Sendable {
  static let shared = SpawningThread()

  private let jobs = Mutex<[@Sendable () -> Void]>([])
  private let pending = DispatchSemaphore(value: 0)

  private init() {
    Thread.detachNewThread { [self] in
      while true {
        pending.wait()
        let job = jobs.withLock { $0.removeFirst() }
        job()
      }
    }
  }

  /// Runs `body` on this thread and waits for it.
  func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) throws -> Value {
    let outcome = Outcome<Value>()
    jobs.withLock { jobs in
      jobs.append { outcome.complete(Result(catching: body)) }
    }
    pending.signal()
    return try outcome.wait()
  }

  private final class Outcome<Value: Sendable>: Sendable {
    private let result = Mutex<Result<Value, any Error>?>(nil)
    private let completed = DispatchSemaphore(value: 0)

    func complete(_ result: Result<Value, any Error>) {
      self.result.withLock { $0 = result }
      completed.signal()
    }

    func wait() throws -> Value {
      completed.wait()
      return try result.withLock { $0! }.get()
    }
  }
}
