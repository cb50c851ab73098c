/// What ZooKeeper knows of a node besides its data.
public struct NodeStat: Hashable, Sendable {
  /// The transaction that created the node: a node that is made anew under the same path has another.
  public let creation: Int64

  /// The transaction that last wrote its data.
  public let modification: Int64

  /// How often its data was written since it was created.
  public let version: Int32

  /// The session with which the node vanishes; `nil` for one that stays.
  public let ephemeralOwner: SessionID?

  /// How many children it has.
  public let childCount: Int

  /// Describes a node.
  public init(
    creation: Int64, modification: Int64, version: Int32, ephemeralOwner: SessionID?, childCount: Int
  ) {
    self.creation = creation
    self.modification = modification
    self.version = version
    self.ephemeralOwner = ephemeralOwner
    self.childCount = childCount
  }
}
