import CIMCore
import Logging
import Synchronization
import ZooKeeper

/// What is known of the servers' nodes, and what of that has to be read again.
///
/// Each node is watched. What a watch sees is only noted, and read at the next refresh.
final class ServerDirectory: Sendable {
  private struct State {
    /// The session in which the watches were set.
    var session: SessionID?
    /// Whether the list of nodes has to be read.
    var needsList = true
    /// The nodes that have to be read.
    var stale: Set<String> = []
    /// The nodes that are watched.
    var watched: Set<String> = []
    /// The nodes that could be read.
    var records: [String: ServerRecord] = [:]

    /// Whether the list has to be read; not any more after that.
    mutating func takeNeedsList() -> Bool {
      defer { self.needsList = false }
      return self.needsList
    }
  }

  private let path: String
  private let logger: Logger
  private let onChange: @Sendable () -> Void
  private let state = Mutex(State())

  /// - Parameter onChange: called when a refresh is due.
  init(path: String, logger: Logger, onChange: @escaping @Sendable () -> Void) {
    self.path = path
    self.logger = logger
    self.onChange = onChange
  }

  /// Reads what has changed.
  ///
  /// - Returns: the servers, by ascending id.
  /// - Throws: `ZooKeeperError`; what was not read then is read the next time.
  func refresh(with client: ZooKeeperClient, in session: SessionID) async throws(ZooKeeperError)
    -> [ServerRecord]
  {
    self.state.withLock { state in
      guard state.session != session else { return }
      // The watches went with their session. The records stand until they are read anew.
      state.session = session
      state.needsList = true
      state.watched = []
    }
    try await self.refreshList(with: client)
    while let name = self.state.withLock({ $0.stale.popFirst() }) {
      try await self.refreshNode(name, with: client)
    }
    return self.state.withLock { $0.records.values.sorted { $0.instance.id < $1.instance.id } }
  }

  private func refreshList(with client: ZooKeeperClient) async throws(ZooKeeperError) {
    // What is to be read is taken off the list first: what a watch notes meanwhile must not be lost.
    guard self.state.withLock({ $0.takeNeedsList() }) else { return }
    do {
      let names = try await client.children(of: self.path) { [weak self] _ in
        self?.note { $0.needsList = true }
      }
      self.state.withLock { state in
        state.records = state.records.filter { names.contains($0.key) }
        state.watched.formIntersection(names)
        state.stale = Set(names).subtracting(state.watched).union(state.stale.intersection(names))
      }
    } catch {
      self.state.withLock { $0.needsList = true }
      throw error
    }
  }

  private func refreshNode(_ name: String, with client: ZooKeeperClient) async throws(ZooKeeperError) {
    do {
      let node = try await client.get("\(self.path)/\(name)") { [weak self] _ in
        self?.note { $0.stale.insert(name) }
      }
      let record = self.read(name, node.data)
      self.state.withLock { state in
        state.watched.insert(name)
        state.records[name] = record
      }
    } catch  where error.code == .noNode {
      self.state.withLock { state in
        state.watched.remove(name)
        state.records[name] = nil
      }
    } catch {
      self.state.withLock { _ = $0.stale.insert(name) }
      throw error
    }
  }

  private func read(_ name: String, _ data: [UInt8]) -> ServerRecord? {
    do {
      return try ServerRecord(node: name, json: data)
    } catch {
      self.logger.warning(
        "A server's node in ZooKeeper is not readable and is left out: check what wrote it",
        metadata: ["node": "\(self.path)/\(name)", "error": "\(error)"])
      return nil
    }
  }

  private func note(_ change: (inout State) -> Void) {
    self.state.withLock { change(&$0) }
    self.onChange()
  }
}
