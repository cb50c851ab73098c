import CIMCore
import ZooKeeper

extension StoreError {
  /// What a failure of ZooKeeper means to a caller.
  init(_ error: ZooKeeperError) {
    self.init(error.isTransient ? .unavailable : .rejected, "\(error)", cause: error)
  }
}
