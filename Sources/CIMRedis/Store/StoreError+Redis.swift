import CIMCore
import Redis

extension StoreError {
  /// What an error of Redis means for who uses a store.
  init(_ error: RedisError) {
    switch error.code {
    case .cancelled:
      self = .cancelled("the task was cancelled before Redis answered", cause: error)
    case .unexpectedReply:
      self = .corrupted("Redis holds something that this version does not write", cause: error)
    case .invalidCommand, .invalidAddress:
      self = .rejected("Redis cannot be asked this", cause: error)
    case .server:
      self.init(serverError: error)
    default:
      self = .unavailable("Redis is not available", cause: error)
    }
  }

  private init(serverError error: RedisError) {
    switch error.serverCode {
    case "LOADING", "READONLY", "MASTERDOWN", "OOM", "MISCONF", "BUSY", "NOREPLICAS", "CLUSTERDOWN",
      "TRYAGAIN", "NOSCRIPT":
      self = .unavailable("Redis does not serve this at the moment", cause: error)
    case "WRONGTYPE":
      self = .corrupted("Redis holds something else under a key of ours: is it shared?", cause: error)
    default:
      self = .rejected("Redis refused", cause: error)
    }
  }
}
