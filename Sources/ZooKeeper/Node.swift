/// A node as it was read.
public struct Node: Hashable, Sendable {
  /// Its data; empty also when it has none.
  public let data: [UInt8]

  /// What ZooKeeper knows of it besides.
  public let stat: NodeStat

  /// Describes a node.
  public init(data: [UInt8], stat: NodeStat) {
    self.data = data
    self.stat = stat
  }
}
