import CIMCore
import Redis

extension RedisClient {
  /// What the stores answer a ping with.
  func storePing() async throws(StoreError) {
    do {
      try await ping()
    } catch {
      throw StoreError(error)
    }
  }
}
