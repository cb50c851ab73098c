import CIMCore
import NIOCore
import Synchronization

/// Has private conversations noted for both users before something is said in them.
final class KnownContacts: Sendable {
  /// For how long a note is taken for written. Notes without a log behind them are kept for longer than this.
  static let lifetime = TimeAmount.hours(1)

  private let store: any ContactStore
  private let cache: Mutex<ContactCache>

  init(store: any ContactStore, capacity: Int) {
    self.store = store
    cache = Mutex(ContactCache(lifetime: Self.lifetime, capacity: capacity))
  }

  /// Returns when a conversation is noted; most often without asking the store.
  func note(_ pair: UserPair) async throws(StoreError) {
    if cache.withLock({ $0.contains(pair, at: .now()) }) { return }
    // Before it is written: the note may be no younger than it is taken for.
    let now = NIODeadline.now()
    try await store.note(pair)
    cache.withLock { $0.insert(pair, at: now) }
  }

  /// The store is another one, which may not have the notes.
  func forget() { cache.withLock { $0.removeAll() } }
}
