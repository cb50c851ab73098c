import Logging

/// Tells an operator that ZooKeeper does not answer: after 3 s, then after twice as long each time, up to every
/// minute, until it is let go of.
final class OutageReport: Sendable {
  private let reporting: Task<Void, Never>

  init(logger: Logger) {
    self.reporting = Task {
      var pause = Duration.seconds(3)
      // Sleeping throws when it is cancelled, and only then.
      while (try? await Task.sleep(for: pause)) != nil {
        logger.warning(
          "ZooKeeper does not answer: check that it runs at the configured address. Still trying")
        pause = min(pause * 2, .seconds(60))
      }
    }
  }

  deinit {
    self.reporting.cancel()
  }
}
