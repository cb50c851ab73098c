/// Which servers there are.
public protocol ServerRegistry: Store {
  /// Enters a server, and returns once it stands there. When the registry is away this waits for it, and says so in
  /// the log.
  ///
  /// An entry of the same id that is left from an earlier process is replaced.
  ///
  /// - Throws: `StoreError` of code `.cancelled` when the task is cancelled while it waits, `.rejected` when the
  ///   registry refuses the entry.
  func register(_ server: ServerRecord) async throws(StoreError) -> any Registration

  /// Enters a route, in the same way.
  func register(_ route: RouteRecord) async throws(StoreError) -> any Registration

  /// The servers as they change: the current list first, as soon as it is known, then each later one; by ascending
  /// id. While the registry is away the last known list stands.
  ///
  /// Each call begins a sequence of its own; a slow reader gets only the newest list.
  func servers() -> AsyncStream<[ServerRecord]>
}
