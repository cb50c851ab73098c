import CZooKeeper

/// Where the library writes the results of several operations that are one. Nobody reads them: the first failure is the
/// answer's code.
final class OperationResults: @unchecked Sendable {
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
  init(deleting path: UnsafePointer<CChar>, version: Int32) {
    self.init()
    zoo_delete_op_init(&self, path, version)
  }

  /// All pointers have to live until the operation is handed over.
  init(
    creating path: UnsafePointer<CChar>, _ value: UnsafePointer<CChar>?, _ count: Int32,
    _ access: UnsafePointer<ACL_vector>, _ flags: Int32
  ) {
    self.init()
    zoo_create_op_init(&self, path, value, count, access, flags, nil, 0)
  }
}

extension CreateMode {
  var flags: Int32 {
    switch self {
    case .persistent: ZOO_PERSISTENT
    case .ephemeral: ZOO_EPHEMERAL
    }
  }
}

extension NodeStat {
  init(_ stat: Stat) {
    self.init(
      creation: stat.czxid, modification: stat.mzxid, version: stat.version,
      ephemeralOwner: stat.ephemeralOwner == 0 ? nil : SessionID(stat.ephemeralOwner),
      childCount: Int(stat.numChildren))
  }
}

extension SessionHandle.Credentials {
  init(_ client: clientid_t) {
    self.init(
      id: SessionID(client.client_id), password: withUnsafeBytes(of: client.passwd) { Array($0) })
  }
}

extension clientid_t {
  init(_ credentials: SessionHandle.Credentials) {
    self.init()
    self.client_id = credentials.id.rawValue
    withUnsafeMutableBytes(of: &self.passwd) { $0.copyBytes(from: credentials.password.prefix($0.count)) }
  }
}

extension Duration {
  var milliseconds: Int32 { Int32(clamping: Int64(self / .milliseconds(1))) }
}

extension [UInt8] {
  func withCharacters<Result>(_ body: (UnsafePointer<CChar>?, Int32) -> Result) -> Result {
    self.withUnsafeBytes { body($0.assumingMemoryBound(to: CChar.self).baseAddress, Int32($0.count)) }
  }
}

func withOptionalPointer<Value, Result>(
  to value: Value?, _ body: (UnsafePointer<Value>?) -> Result
) -> Result {
  guard var value else { return body(nil) }
  return withUnsafePointer(to: &value, body)
}

/// Anybody may do anything: ZooKeeper stands in a network of its own.
func withOpenAccess<Result>(_ body: (UnsafePointer<ACL_vector>) -> Result) -> Result {
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
  func withMutableCopy<Result>(_ body: (UnsafeMutablePointer<CChar>) -> Result) -> Result {
    var characters = self.utf8CString
    return characters.withUnsafeMutableBufferPointer { body($0.baseAddress!) }
  }
}
