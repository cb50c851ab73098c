import NIOCore
import NgRPC

/// One phase under way: how much is to be done, and what was. Belongs to the load's event loop.
final class Run {
  /// Encoded once.
  let message: FramedMessage
  let phase: Phase
  private let done: EventLoopPromise<Outcome>
  private let began = NIODeadline.now()
  private let deadline: NIODeadline?
  private var latencies = LatencyHistogram()
  private var units = 0
  private var waiting: ArraySlice<any Lane>
  private var busy = 0

  init(_ phase: Phase, message: FramedMessage, lanes: [any Lane], done: EventLoopPromise<Outcome>) {
    self.phase = phase
    self.message = message
    self.done = done
    deadline = phase.seconds.map { .now() + .nanoseconds(Int64($0 * 1e9)) }
    waiting = lanes[...]
  }

  /// - Parameter limit: so many lanes are busy at a time.
  func begin(atMost limit: Int) {
    precondition(!waiting.isEmpty, "a phase needs something to do")
    while busy < limit, beginNext() {}
  }

  private func beginNext() -> Bool {
    guard let lane = waiting.popFirst() else { return false }
    busy += 1
    lane.begin(self)
    return true
  }

  /// Whether a lane that has begun `count` units is to begin another.
  func wants(anotherAfter count: Int, at now: NIODeadline) -> Bool {
    if let deadline { now < deadline } else { count < phase.each ?? 1 }
  }

  /// - Parameter latency: when each is answered by itself.
  func completed(_ count: Int, latency: TimeAmount? = nil) {
    units += count
    if let latency { latencies.record(latency.nanoseconds) }
  }

  func laneEnded() {
    busy -= 1
    if beginNext() || busy > 0 { return }
    done.succeed(
      Outcome(
        units: units, seconds: Double((NIODeadline.now() - began).nanoseconds) / 1e9,
        median: latencies.quantile(0.5), p99: latencies.quantile(0.99), loadCPU: 0))
  }

  func failed(_ error: any Error) { done.fail(error) }
}

/// One of the things that are busy at the same time: a stream, or a succession of calls.
protocol Lane: AnyObject {
  /// Starts on a run. It tells the run what is completed, and, when that wants no more, that it ended.
  func begin(_ run: Run)
}
