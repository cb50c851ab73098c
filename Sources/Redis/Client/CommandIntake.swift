import Logging
import NIOCore
import Synchronization

/// Where requests of all threads come in, and go to the connection's event loop together.
///
/// However many are handed in while the loop is busy, it is woken once.
final class CommandIntake: Sendable {
  private struct Queue {
    var requests: [PendingRequest] = []
    var isHandoverScheduled = false
  }

  private let eventLoop: any EventLoop
  private let driver: NIOLoopBoundBox<ConnectionDriver>
  private let readiness = Readiness()
  let replicationID = ReplicationID()
  private let queue = Mutex(Queue())

  init(
    address: RedisAddress, configuration: RedisClient.Configuration, eventLoop: any EventLoop, logger: Logger
  ) {
    self.eventLoop = eventLoop
    driver = .makeBoxSendingValue(
      ConnectionDriver(
        address: address, configuration: configuration, eventLoop: eventLoop, readiness: readiness,
        replicationID: replicationID, logger: logger),
      eventLoop: eventLoop)
    eventLoop.execute { [driver] in driver.value.start() }
  }

  var isReady: Bool { readiness.isReady }

  /// Takes a request to be sent in the event loop's next turn.
  func submit(_ request: PendingRequest) {
    let mustSchedule = queue.withLock { queue in
      queue.requests.append(request)
      defer { queue.isHandoverScheduled = true }
      return !queue.isHandoverScheduled
    }
    if mustSchedule { eventLoop.execute { self.handOver() } }
  }

  /// Begins the end of the connection, without waiting for it.
  func beginShutdown() {
    eventLoop.execute { [driver] in driver.value.stop(promise: nil) }
  }

  /// Ends the connection and waits until it is closed.
  func shutdown() async {
    let promise = eventLoop.makePromise(of: Void.self)
    eventLoop.execute { [driver] in driver.value.stop(promise: promise) }
    // The driver only ever succeeds the promise.
    try? await promise.futureResult.get()
  }

  private func handOver() {
    let requests = queue.withLock { queue in
      queue.isHandoverScheduled = false
      var requests: [PendingRequest] = []
      swap(&requests, &queue.requests)
      return requests
    }
    driver.value.submit(requests)
  }
}

/// Whether a connection is ready: written by its event loop, read by anyone.
final class Readiness: Sendable {
  private let flag = Atomic(false)

  var isReady: Bool {
    get { flag.load(ordering: .relaxed) }
    set { flag.store(newValue, ordering: .relaxed) }
  }
}
