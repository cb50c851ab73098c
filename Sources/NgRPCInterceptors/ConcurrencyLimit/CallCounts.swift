import Synchronization

/// How many calls each peer has in flight. A peer without any is not kept.
///
/// Split by peer, so that event loops seldom meet at a lock.
final class CallCounts: Sendable {
  /// Which limit is reached.
  enum Refusal { case peer, total }

  private final class Shard: Sendable {
    let counts = Mutex<[PeerAddress: Int]>([:])
  }

  private let perPeer: Int
  private let limit: Int
  private let all = Atomic(0)
  private let shards: [Shard]

  init(perPeer: Int, total: Int) {
    self.perPeer = perPeer
    limit = total
    shards = (0..<16).map { _ in Shard() }
  }

  /// Calls of all peers.
  var total: Int { all.load(ordering: .relaxed) }
  /// Peers with a call.
  var peerCount: Int { shards.reduce(0) { $0 + $1.counts.withLock(\.count) } }

  /// Counts a call, unless that is one too many.
  ///
  /// - Returns: nil when it is counted.
  func add(_ peer: PeerAddress) -> Refusal? {
    guard all.add(1, ordering: .relaxed).newValue <= limit else {
      all.subtract(1, ordering: .relaxed)
      return .total
    }
    let isCounted = shard(of: peer).counts.withLock { counts in
      let count = counts[peer, default: 0]
      guard count < perPeer else { return false }
      counts[peer] = count + 1
      return true
    }
    if isCounted { return nil }
    all.subtract(1, ordering: .relaxed)
    return .peer
  }

  /// A call that was counted has ended.
  func remove(_ peer: PeerAddress) {
    shard(of: peer).counts.withLock { counts in
      let count = counts[peer, default: 0]
      counts[peer] = count > 1 ? count - 1 : nil
    }
    all.subtract(1, ordering: .relaxed)
  }

  private func shard(of peer: PeerAddress) -> Shard {
    shards[Int(UInt(bitPattern: peer.hashValue) % UInt(shards.count))]
  }
}
