/// The identity of stores in memory. They lose nothing as long as they live, so it stays as it is, unless a test has them
/// pretend to be another copy.
public final class InMemoryIdentity: Sendable {
  private let latest = Latest("memory")

  /// Begins with the identity `memory`.
  public init() {}

  /// The identity. Setting another one is what a failover looks like.
  public var value: String {
    get { self.latest.value ?? "" }
    set { self.latest.publishChange(newValue) }
  }

  /// The identity now, and each change.
  func values() -> AsyncStream<String> { self.latest.values() }
}
