import CoreMetrics
import NgRPC
import Synchronization

/// The metrics of one method, made once: those of a status when a call first ends with it.
final class MethodMetrics: Sendable {
  /// What a call's end adds to.
  final class Outcome: Sendable {
    let duration: Timer
    let sent: Recorder
    let received: Recorder

    init(_ names: MetricNames, _ dimensions: [(String, String)], _ factory: any MetricsFactory) {
      duration = Timer(label: names.duration, dimensions: dimensions, factory: factory)
      sent = Recorder(label: names.sent, dimensions: dimensions, aggregate: true, factory: factory)
      received = Recorder(label: names.received, dimensions: dimensions, aggregate: true, factory: factory)
    }
  }

  private final class Slot: Sendable {
    let outcome = AtomicLazyReference<Outcome>()
  }

  let started: Counter
  let inFlight: Meter
  /// By status: 0 to 16, and one for all that gRPC does not define.
  private let slots: [Slot]
  private let names: MetricNames
  private let method: String
  private let factory: any MetricsFactory

  /// - Parameter method: as the dimension has it.
  init(_ names: MetricNames, method: String, factory: any MetricsFactory) {
    self.names = names
    self.method = method
    self.factory = factory
    let dimensions = [(MetricNames.method, method)]
    started = Counter(label: names.started, dimensions: dimensions, factory: factory)
    inFlight = Meter(label: names.inFlight, dimensions: dimensions, factory: factory)
    slots = (0...17).map { _ in Slot() }
  }

  func outcome(_ code: StatusCode) -> Outcome {
    let slot = slots[min(Int(code.rawValue), 17)]
    if let outcome = slot.outcome.load() { return outcome }
    let status = code.rawValue <= 16 ? code.description : "other"
    return slot.outcome.storeIfNil(
      Outcome(names, [(MetricNames.method, method), (MetricNames.status, status)], factory))
  }
}
