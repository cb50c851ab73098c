/// Rings once at an instant. Setting a later instant than the one that is set costs nothing: it rings early, and whoever
/// hears it sets it again.
struct Alarm {
  private let ring: @Sendable () -> Void
  private var task: Task<Void, Never>?
  private var instant: ContinuousClock.Instant?

  init(_ ring: @escaping @Sendable () -> Void) {
    self.ring = ring
  }

  mutating func set(_ next: ContinuousClock.Instant?) {
    guard let next else { return }
    if let instant, instant <= next { return }
    self.cancel()
    self.instant = next
    self.task = Task { [ring] in
      do {
        try await Task.sleep(until: next)
        ring()
      } catch {
        // Cancelled: nobody wants to hear it any more.
      }
    }
  }

  /// It has rung.
  mutating func rang() {
    self.task = nil
    self.instant = nil
  }

  mutating func cancel() {
    self.task?.cancel()
    self.rang()
  }
}
