import CIMCore
import CIMProtos
import NIOCore
import NgRPC
import Synchronization

/// The sessions by event loop: whatever concerns one is done on its loop, and whatever concerns many takes one step per
/// loop, not one per session.
final class Shards: Sendable {
  private struct Entry {
    let shard: NIOLoopBound<SessionShard>
    let queue: EventLoopQueue<ShardEvent>
  }

  private let entries = Mutex<[Entry]>([])

  /// The shard of the event loop on which this is called.
  func shard(on eventLoop: any EventLoop, core: ServerCore) -> SessionShard {
    let bound = entries.withLock { entries in
      if let entry = entries.first(where: { $0.queue.eventLoop === eventLoop }) { return entry.shard }
      let queue = EventLoopQueue<ShardEvent>(eventLoop: eventLoop)
      let shard = SessionShard(index: entries.count, eventLoop: eventLoop, core: core)
      let bound = NIOLoopBound(shard, eventLoop: eventLoop)
      queue.open { events in bound.value.handle(events) }
      entries.append(Entry(shard: bound, queue: queue))
      return bound
    }
    return bound.value
  }

  /// Hands an event to the shard at an index.
  func push(_ event: ShardEvent, to shard: Int) {
    let queue = entries.withLock { entries in entries.indices.contains(shard) ? entries[shard].queue : nil }
    _ = queue?.push(event)
  }

  /// Hands an event to all shards.
  func pushToAll(_ event: ShardEvent) {
    let queues = entries.withLock { $0.map(\.queue) }
    for queue in queues { _ = queue.push(event) }
  }

  /// Lets all shards go; what is pushed from now on is dropped.
  func close() {
    let queues = entries.withLock { entries in
      defer { entries = [] }
      return entries.map(\.queue)
    }
    for queue in queues { _ = queue.close() }
  }
}
