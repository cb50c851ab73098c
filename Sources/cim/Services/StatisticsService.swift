import Logging
import ServiceLifecycle

/// Logs what a route or a server has counted, from time to time and once at the end.
///
/// Each counter is a number under its own name in the metadata of one line with the message `statistics`.
struct StatisticsService<Statistics: Sendable>: Service {
  /// How often.
  let interval: Duration

  /// The counters now: a structure of numbers.
  let statistics: @Sendable () -> Statistics

  let logger: Logger

  func run() async {
    await cancelWhenGracefulShutdown {
      // Sleeping fails when it is time to end.
      while (try? await Task.sleep(for: self.interval)) != nil { self.log() }
    }
    self.log()
  }

  private func log() {
    // By reflection, so that no counter can be forgotten here.
    let counters = Mirror(reflecting: self.statistics()).children.compactMap { child in
      child.label.map { ($0, Logger.MetadataValue.string("\(child.value)")) }
    }
    self.logger.notice("statistics", metadata: Dictionary(uniqueKeysWithValues: counters))
  }
}
