/// What every store can say of itself.
public protocol Store: Sendable {
  /// Asks the store for a sign of life: readiness checks call it.
  ///
  /// - Throws: `StoreError` when the store can't be used at the moment.
  func ping() async throws(StoreError)
}
