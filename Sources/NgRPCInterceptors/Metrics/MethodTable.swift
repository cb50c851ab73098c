import NgRPC
import Synchronization

/// Values by method, made when a method is first seen, and kept.
///
/// Grows only, up to a limit, and is read without locks from any thread: chains of nodes of which each is set once.
final class MethodTable<Value: AnyObject & Sendable>: Sendable {
  private final class Link: Sendable {
    let node = AtomicLazyReference<Node>()
  }

  private final class Node: Sendable {
    let path: String
    let value: Value
    let next = Link()

    init(path: String, value: Value) {
      self.path = path
      self.value = value
    }
  }

  private static var chainCount: Int { 64 }

  private let chains: [Link]
  private let count = Atomic(0)
  private let limit: Int
  private let make: @Sendable (MethodDescriptor) -> Value

  /// - Parameters:
  ///   - limit: how many methods are kept; about as many more may be when many are first seen at the same instant.
  ///   - make: makes a method's value; may be called twice for one that two threads see first, and one is dropped.
  init(limit: Int, make: @escaping @Sendable (MethodDescriptor) -> Value) {
    self.limit = limit
    self.make = make
    chains = (0..<Self.chainCount).map { _ in Link() }
  }

  /// The value of `method`; nil when it is new and the table is full.
  subscript(method: MethodDescriptor) -> Value? {
    var link = chains[Int(UInt(bitPattern: method.path.hashValue) % UInt(Self.chainCount))]
    while true {
      if let node = link.node.load() {
        if node.path == method.path { return node.value }
        link = node.next
        continue
      }
      guard count.load(ordering: .relaxed) < limit else { return nil }
      let node = Node(path: method.path, value: make(method))
      let stored = link.node.storeIfNil(node)
      if stored === node {
        count.add(1, ordering: .relaxed)
        return node.value
      }
      // Another thread was faster, with this method or another one: look at what it has put here.
    }
  }
}
