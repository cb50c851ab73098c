import CZooKeeper
import Synchronization

extension SessionHandle {
  func create(_ path: String, data: [UInt8], mode: CreateMode) async throws(ZooKeeperError) {
    let _: Done = try await self.call("create", path) { handle, call in
      withOpenAccess { access in
        data.withCharacters { zoo_acreate(handle, path, $0, $1, access, mode.flags, pathArrived, call) }
      }
    }
  }

  func get(_ path: String, watch: Watch?) async throws(ZooKeeperError) -> Node {
    try await self.call("get", path, watch) { handle, call, watch in
      zoo_awget(handle, path, watch.map { _ in nodeChanged }, watch, dataArrived, call)
    }
  }

  func exists(_ path: String, watch: Watch?) async throws(ZooKeeperError) -> NodeStat? {
    try await self.call("look at", path, watch) { handle, call, watch in
      zoo_awexists(handle, path, watch.map { _ in nodeChanged }, watch, existenceArrived, call)
    }
  }

  func children(of path: String, watch: Watch?) async throws(ZooKeeperError) -> [String] {
    try await self.call("list the children of", path, watch) { handle, call, watch in
      zoo_awget_children(handle, path, watch.map { _ in nodeChanged }, watch, namesArrived, call)
    }
  }

  func set(_ path: String, data: [UInt8], version: Int32) async throws(ZooKeeperError) -> NodeStat {
    try await self.call("write", path) { handle, call in
      data.withCharacters { zoo_aset(handle, path, $0, $1, version, statArrived, call) }
    }
  }

  func delete(_ path: String, version: Int32) async throws(ZooKeeperError) {
    let _: Done = try await self.call("delete", path) { handle, call in
      zoo_adelete(handle, path, version, endArrived, call)
    }
  }

  func replace(
    _ path: String, version: Int32, data: [UInt8], mode: CreateMode
  ) async throws(ZooKeeperError) {
    let results = OperationResults(count: 2)
    let _: Done = try await self.call("replace", path, keeping: results) { handle, call in
      withOpenAccess { access in
        path.withCString { path in
          data.withCharacters { value, count in
            let operations = [
              zoo_op_t(deleting: path, version: version),
              zoo_op_t(creating: path, value, count, access, mode.flags),
            ]
            return zoo_amulti(handle, 2, operations, results.pointer, endArrived, call)
          }
        }
      }
    }
  }

  /// Makes a call with a watch, which counts only when the call succeeds.
  private func call<Value: Sendable>(
    _ operation: String, _ path: String, _ watch: Watch?,
    _ start: (OpaquePointer, UnsafeRawPointer, UnsafeMutableRawPointer?) -> Int32
  ) async throws(ZooKeeperError) -> Value {
    let number = watch.map(self.context.table.insert)
    do {
      return try await self.call(operation, path) { handle, call in
        start(handle, call, number.flatMap(UnsafeMutableRawPointer.init(bitPattern:)))
      }
    } catch {
      if let number { self.context.table.removeWatch(number) }
      throw error
    }
  }

  /// - Parameter kept: what has to live until the library has answered.
  private func call<Value: Sendable>(
    _ operation: String, _ path: String, keeping kept: OperationResults? = nil,
    _ start: (OpaquePointer, UnsafeRawPointer) -> Int32
  ) async throws(ZooKeeperError) -> Value {
    let answer = await withCheckedContinuation { continuation in
      let table = self.context.table
      let call = TypedCall<Value>(
        operation: operation, path: path, table: table, keeping: kept, continuation: continuation)
      self.pointer.withLock { pointer in
        guard let pointer else { return call.fail(.closing) }
        table.insert(call)
        let code = start(pointer.raw, Unmanaged.passUnretained(call).toOpaque())
        // Out of memory is the one failure after which the library may answer nevertheless.
        if code != ZOK.rawValue, table.remove(call, keepAlive: code == ZMARSHALLINGERROR.rawValue) {
          call.fail(ZooKeeperError.Code(rawValue: code))
        }
      }
    }
    return try answer.get()
  }
}
