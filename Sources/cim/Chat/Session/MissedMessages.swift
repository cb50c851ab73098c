import CIMCore

/// Counts messages that were said while the user was away, and tells how many once no more of them come.
actor MissedMessages {
  private let quiet: Duration
  private let tell: @Sendable ([Conversation: Int]) -> Void
  private var counts: [Conversation: Int] = [:]
  private var waiting: Task<Void, Never>?

  /// Begins with none.
  ///
  /// - Parameters:
  ///   - quiet: How long none must have come.
  ///   - tell: Told each time how many have come where since it was told last.
  init(
    quiet: Duration = .milliseconds(500), tell: @escaping @Sendable ([Conversation: Int]) -> Void
  ) {
    self.quiet = quiet
    self.tell = tell
  }

  /// One has come.
  func note(_ conversation: Conversation) {
    self.counts[conversation, default: 0] += 1
    self.waiting?.cancel()
    self.waiting = Task { [quiet] in
      do {
        try await Task.sleep(for: quiet)
        self.flush()
      } catch {
        // Another one has come meanwhile, and waits in its turn.
      }
    }
  }

  /// Tells at once what was not told yet.
  func flush() {
    self.waiting?.cancel()
    self.waiting = nil
    if !self.counts.isEmpty { self.tell(self.counts) }
    self.counts = [:]
  }
}
