import CIMCore

/// A registry that can't be reached: it takes nobody and tells no servers.
public struct UnreachableRegistry: ServerRegistry {
  public init() {}

  public func register(_ server: ServerRecord) async throws(StoreError) -> any Registration {
    try await wait()
  }

  public func register(_ route: RouteRecord) async throws(StoreError) -> any Registration {
    try await wait()
  }

  public func servers() -> AsyncStream<[ServerRecord]> { AsyncStream { _ in } }

  public func ping() async throws(StoreError) { throw StoreError(.unavailable, "the registry is away") }

  /// Until the task is cancelled.
  private func wait() async throws(StoreError) -> Never {
    while true {
      do { try await Task.sleep(for: .seconds(3600)) } catch { throw StoreError(.cancelled, "cancelled") }
    }
  }
}
