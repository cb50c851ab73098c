import CZooKeeper
import Dispatch
import Glibc
import Synchronization

/// One session: it owns the C library's handle, whose two threads do the work. All unsafe pointers are in this file.
///
/// The handle's context is a `SessionContext`, retained until the handle is closed. A call's context is the address of a
/// `TypedCall` that the call table owns. A watch's context is a number in that table and no pointer, because the library
/// may call a watch many times (with each change of the session) or never.
final class SessionHandle: Sendable {
  /// What happens to a session.
  enum Event: Hashable, Sendable {
    case connected(SessionID)
    case disconnected
    case expired
    case authenticationFailed
  }

  /// What another handle needs to take a session over.
  struct Credentials: Hashable, Sendable {
    let id: SessionID
    /// 16 bytes.
    let password: [UInt8]
  }

  /// The library's handle. It is used from several threads, which the library allows; the lock around it keeps it from
  /// being used once it is closed.
  private struct Pointer: @unchecked Sendable {
    let raw: OpaquePointer
  }

  /// Closing waits for the library's threads, and for the server: it needs a thread that may wait.
  private static let closing = DispatchQueue(label: "zookeeper.closing", attributes: .concurrent)

  private let pointer: Mutex<Pointer?>
  private let context: SessionContext

  /// Begins a session. It looks the servers' names up, which can take seconds.
  ///
  /// - Parameters:
  ///   - configuration: where and for how long.
  ///   - credentials: a session to take over; `nil` begins a new one.
  ///   - onEvent: called on a thread of the library, also before this returns; it must return at once.
  /// - Throws: when the servers' names are not known or the system has no more threads.
  init(
    _ configuration: ZooKeeperConfiguration, resuming credentials: Credentials? = nil,
    onEvent: @escaping @Sendable (Event) -> Void
  ) throws(SystemError) {
    LibraryLog.setLevel()
    let context = SessionContext(onEvent: onEvent)
    let retained = Unmanaged.passRetained(context)
    let handle = withOptionalPointer(to: credentials.map(clientid_t.init)) { client in
      zookeeper_init2(
        configuration.servers, sessionChanged, configuration.sessionTimeout.milliseconds, client,
        retained.toOpaque(), ZOO_NO_LOG_CLIENTENV, logged)
    }
    guard let handle else {
      let error = errno
      retained.release()
      throw SystemError(number: error)
    }
    self.context = context
    self.pointer = Mutex(Pointer(raw: handle))
  }

  deinit {
    Self.close(self.pointer.withLock { $0.take() }, self.context) {}
  }

  /// Ends the session: its ephemeral nodes vanish, and its pending calls fail. Repeating it does nothing more.
  func close() async {
    let pointer = self.pointer.withLock { $0.take() }
    await withCheckedContinuation { continuation in
      Self.close(pointer, self.context) { continuation.resume() }
    }
  }

  private static func close(
    _ pointer: Pointer?, _ context: SessionContext, _ done: @escaping @Sendable () -> Void
  ) {
    guard let pointer else { return done() }
    Self.closing.async {
      zookeeper_close(pointer.raw)
      Unmanaged.passUnretained(context).release()
      // The library forgets those that it had no time to answer.
      context.table.removeAll(failing: .closing)
      done()
    }
  }

  /// How to take this session over; meaningful once it is connected.
  var credentials: Credentials? {
    self.pointer.withLock { pointer in
      pointer.flatMap { zoo_client_id($0.raw) }.map { Credentials($0.pointee) }
    }
  }
}

// MARK: - Operations

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

// MARK: - What the library calls, on its completion thread

/// What the handle's context points to.
private final class SessionContext: Sendable {
  let table = CallTable()
  let onEvent: @Sendable (SessionHandle.Event) -> Void

  init(onEvent: @escaping @Sendable (SessionHandle.Event) -> Void) {
    self.onEvent = onEvent
  }

  static func of(_ handle: OpaquePointer?) -> SessionContext? {
    zoo_get_context(handle).map { Unmanaged.fromOpaque($0).takeUnretainedValue() }
  }
}

private func logged(_ line: UnsafePointer<CChar>?) {
  if let line { LibraryLog.write(String(cString: line)) }
}

private func sessionChanged(
  _ handle: OpaquePointer?, _ type: Int32, _ state: Int32, _ path: UnsafePointer<CChar>?,
  _ context: UnsafeMutableRawPointer?
) {
  guard let context = SessionContext.of(handle) else { return }
  switch state {
  case ZOO_CONNECTED_STATE: context.onEvent(.connected(SessionID(zoo_client_id(handle).pointee.client_id)))
  case ZOO_EXPIRED_SESSION_STATE: context.onEvent(.expired)
  case ZOO_AUTH_FAILED_STATE: context.onEvent(.authenticationFailed)
  default: context.onEvent(.disconnected)
  }
}

private func nodeChanged(
  _ handle: OpaquePointer?, _ type: Int32, _ state: Int32, _ path: UnsafePointer<CChar>?,
  _ number: UnsafeMutableRawPointer?
) {
  let kind: WatchEvent.Kind
  switch type {
  case ZOO_CREATED_EVENT: kind = .created
  case ZOO_DELETED_EVENT: kind = .deleted
  case ZOO_CHANGED_EVENT: kind = .dataChanged
  case ZOO_CHILD_EVENT: kind = .childrenChanged
  case ZOO_NOTWATCHING_EVENT: kind = .unwatched
  // Every watch is told of the session too, and stays.
  default: return
  }
  guard let path, let watch = SessionContext.of(handle)?.table.removeWatch(UInt(bitPattern: number)) else {
    return
  }
  watch(WatchEvent(kind, path: String(cString: path)))
}

private func pathArrived(
  _ code: Int32, _ path: UnsafePointer<CChar>?, _ call: UnsafeRawPointer?
) {
  TypedCall<Done>.at(call).finish(code) { Done() }
}

private func endArrived(_ code: Int32, _ call: UnsafeRawPointer?) {
  TypedCall<Done>.at(call).finish(code) { Done() }
}

private func statArrived(_ code: Int32, _ stat: UnsafePointer<Stat>?, _ call: UnsafeRawPointer?) {
  TypedCall<NodeStat>.at(call).finish(code) { stat.map { NodeStat($0.pointee) } }
}

private func existenceArrived(_ code: Int32, _ stat: UnsafePointer<Stat>?, _ call: UnsafeRawPointer?) {
  let isAbsent = code == ZNONODE.rawValue
  TypedCall<NodeStat?>.at(call).finish(isAbsent ? ZOK.rawValue : code) {
    isAbsent ? .some(nil) : stat.map { NodeStat($0.pointee) }
  }
}

private func dataArrived(
  _ code: Int32, _ value: UnsafePointer<CChar>?, _ count: Int32, _ stat: UnsafePointer<Stat>?,
  _ call: UnsafeRawPointer?
) {
  TypedCall<Node>.at(call).finish(code) {
    // A node can be without data, which the library tells by the count -1.
    let data = UnsafeRawBufferPointer(start: value, count: max(0, Int(count)))
    return stat.map { Node(data: Array(data), stat: NodeStat($0.pointee)) }
  }
}

private func namesArrived(
  _ code: Int32, _ names: UnsafePointer<String_vector>?, _ call: UnsafeRawPointer?
) {
  TypedCall<[String]>.at(call).finish(code) {
    names.map { names in
      UnsafeMutableBufferPointer(start: names.pointee.data, count: Int(names.pointee.count))
        .compactMap { name in name.map { String(cString: $0) } }
    }
  }
}

extension TypedCall {
  fileprivate static func at(_ address: UnsafeRawPointer?) -> TypedCall {
    // The address is the one given with the call; the table owns the call until it is ended.
    Unmanaged.fromOpaque(address!).takeUnretainedValue()
  }

  fileprivate func finish(_ code: Int32, _ value: () -> Value?) {
    guard self.table.remove(self) else { return }
    if code == ZOK.rawValue, let value = value() {
      self.succeed(value)
    } else {
      self.fail(ZooKeeperError.Code(rawValue: code))
    }
  }
}

// MARK: - Values of the library

/// Where the library writes the results of several operations that are one. Nobody reads them: the first failure is the
/// answer's code.
private final class OperationResults: @unchecked Sendable {
  // Only the library uses the memory, between the call and its answer.
  let pointer: UnsafeMutablePointer<zoo_op_result_t>

  init(count: Int) {
    self.pointer = .allocate(capacity: count)
    self.pointer.initialize(repeating: zoo_op_result_t(), count: count)
  }

  deinit {
    self.pointer.deallocate()
  }
}

extension zoo_op_t {
  /// The path has to live until the operation is handed over.
  fileprivate init(deleting path: UnsafePointer<CChar>, version: Int32) {
    self.init()
    zoo_delete_op_init(&self, path, version)
  }

  /// All pointers have to live until the operation is handed over.
  fileprivate init(
    creating path: UnsafePointer<CChar>, _ value: UnsafePointer<CChar>?, _ count: Int32,
    _ access: UnsafePointer<ACL_vector>, _ flags: Int32
  ) {
    self.init()
    zoo_create_op_init(&self, path, value, count, access, flags, nil, 0)
  }
}

extension CreateMode {
  fileprivate var flags: Int32 {
    switch self {
    case .persistent: ZOO_PERSISTENT
    case .ephemeral: ZOO_EPHEMERAL
    }
  }
}

extension NodeStat {
  fileprivate init(_ stat: Stat) {
    self.init(
      creation: stat.czxid, modification: stat.mzxid, version: stat.version,
      ephemeralOwner: stat.ephemeralOwner == 0 ? nil : SessionID(stat.ephemeralOwner),
      childCount: Int(stat.numChildren))
  }
}

extension SessionHandle.Credentials {
  fileprivate init(_ client: clientid_t) {
    self.init(
      id: SessionID(client.client_id), password: withUnsafeBytes(of: client.passwd) { Array($0) })
  }
}

extension clientid_t {
  fileprivate init(_ credentials: SessionHandle.Credentials) {
    self.init()
    self.client_id = credentials.id.rawValue
    withUnsafeMutableBytes(of: &self.passwd) { $0.copyBytes(from: credentials.password.prefix($0.count)) }
  }
}

extension Duration {
  fileprivate var milliseconds: Int32 { Int32(clamping: Int64(self / .milliseconds(1))) }
}

extension [UInt8] {
  fileprivate func withCharacters<Result>(_ body: (UnsafePointer<CChar>?, Int32) -> Result) -> Result {
    self.withUnsafeBytes { body($0.assumingMemoryBound(to: CChar.self).baseAddress, Int32($0.count)) }
  }
}

private func withOptionalPointer<Value, Result>(
  to value: Value?, _ body: (UnsafePointer<Value>?) -> Result
) -> Result {
  guard var value else { return body(nil) }
  return withUnsafePointer(to: &value, body)
}

/// Anybody may do anything: ZooKeeper stands in a network of its own.
private func withOpenAccess<Result>(_ body: (UnsafePointer<ACL_vector>) -> Result) -> Result {
  "world".withMutableCopy { scheme in
    "anyone".withMutableCopy { id in
      var entry = ACL(perms: ZOO_PERM_ALL, id: Id(scheme: scheme, id: id))
      return withUnsafeMutablePointer(to: &entry) { entry in
        var entries = ACL_vector(count: 1, data: entry)
        return withUnsafePointer(to: &entries, body)
      }
    }
  }
}

extension String {
  fileprivate func withMutableCopy<Result>(_ body: (UnsafeMutablePointer<CChar>) -> Result) -> Result {
    var characters = self.utf8CString
    return characters.withUnsafeMutableBufferPointer { body($0.baseAddress!) }
  }
}
