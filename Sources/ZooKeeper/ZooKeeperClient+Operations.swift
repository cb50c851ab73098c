extension ZooKeeperClient {
  /// Creates a node. Anybody may do anything with it.
  ///
  /// - Parameters:
  ///   - path: begins with `/`; the parent has to exist.
  ///   - data: at most 1 MiB.
  ///   - mode: for how long it stays.
  /// - Throws: `ZooKeeperError`, such as `.nodeExists` or `.noNode` for a missing parent. After `.connectionLoss` the
  ///   node may exist or not.
  public func create(
    _ path: String, data: [UInt8] = [], mode: CreateMode = .persistent
  ) async throws(ZooKeeperError) {
    try await self.session(for: "create", path).create(path, data: data, mode: mode)
  }

  /// Creates a node that stays, and those above it that are missing. Nodes that exist are left as they are.
  public func createPath(_ path: String) async throws(ZooKeeperError) {
    var prefix = ""
    for part in path.split(separator: "/") {
      prefix += "/\(part)"
      do {
        try await self.create(prefix)
      } catch  where error.code == .nodeExists {
        continue
      }
    }
  }

  /// Reads a node.
  ///
  /// - Parameter watch: called once when the node is written or deleted afterwards.
  /// - Throws: `ZooKeeperError`; the watch is not set then. `.noNode` when there is none.
  public func get(_ path: String, watch: Watch? = nil) async throws(ZooKeeperError) -> Node {
    try await self.session(for: "get", path).get(path, watch: watch)
  }

  /// What ZooKeeper knows of a node; `nil` when there is none.
  ///
  /// - Parameter watch: called once when the node is created, written or deleted afterwards.
  /// - Throws: `ZooKeeperError`; the watch is not set then.
  public func exists(_ path: String, watch: Watch? = nil) async throws(ZooKeeperError) -> NodeStat? {
    try await self.session(for: "look at", path).exists(path, watch: watch)
  }

  /// The names of a node's children, in no order.
  ///
  /// - Parameter watch: called once when a child is created or deleted afterwards, or the node itself is deleted.
  /// - Throws: `ZooKeeperError`; the watch is not set then. `.noNode` when there is none.
  public func children(of path: String, watch: Watch? = nil) async throws(ZooKeeperError) -> [String] {
    try await self.session(for: "list the children of", path).children(of: path, watch: watch)
  }

  /// Writes a node's data.
  ///
  /// - Parameter version: only when the node's version is that one; `nil` in any case.
  /// - Throws: `ZooKeeperError`, such as `.noNode` or `.badVersion`.
  @discardableResult
  public func set(
    _ path: String, data: [UInt8], version: Int32? = nil
  ) async throws(ZooKeeperError) -> NodeStat {
    try await self.session(for: "write", path).set(path, data: data, version: version ?? -1)
  }

  /// Deletes a node without children.
  ///
  /// - Parameter version: only when the node's version is that one; `nil` in any case.
  /// - Throws: `ZooKeeperError`, such as `.noNode`, `.badVersion` or `.notEmpty`.
  public func delete(_ path: String, version: Int32? = nil) async throws(ZooKeeperError) {
    try await self.session(for: "delete", path).delete(path, version: version ?? -1)
  }

  /// Deletes a node without children and creates it anew, in one step: nobody sees it missing.
  ///
  /// - Parameters:
  ///   - version: the version of the node that is to be replaced.
  ///   - data: at most 1 MiB.
  ///   - mode: for how long the new one stays.
  /// - Throws: `ZooKeeperError`, such as `.noNode`, `.badVersion` or `.notEmpty`; then nothing was done. After
  ///   `.connectionLoss` it may have been done or not.
  public func replace(
    _ path: String, version: Int32, data: [UInt8] = [], mode: CreateMode = .persistent
  ) async throws(ZooKeeperError) {
    try await self.session(for: "replace", path).replace(path, version: version, data: data, mode: mode)
  }
}
