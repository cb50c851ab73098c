import CZooKeeper

// The library calls these on its completion thread.

func logged(_ line: UnsafePointer<CChar>?) {
  if let line { LibraryLog.write(String(cString: line)) }
}

func sessionChanged(
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

func nodeChanged(
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

func pathArrived(
  _ code: Int32, _ path: UnsafePointer<CChar>?, _ call: UnsafeRawPointer?
) {
  TypedCall<Done>.at(call).finish(code) { Done() }
}

func endArrived(_ code: Int32, _ call: UnsafeRawPointer?) {
  TypedCall<Done>.at(call).finish(code) { Done() }
}

func statArrived(_ code: Int32, _ stat: UnsafePointer<Stat>?, _ call: UnsafeRawPointer?) {
  TypedCall<NodeStat>.at(call).finish(code) { stat.map { NodeStat($0.pointee) } }
}

func existenceArrived(_ code: Int32, _ stat: UnsafePointer<Stat>?, _ call: UnsafeRawPointer?) {
  let isAbsent = code == ZNONODE.rawValue
  TypedCall<NodeStat?>.at(call).finish(isAbsent ? ZOK.rawValue : code) {
    isAbsent ? .some(nil) : stat.map { NodeStat($0.pointee) }
  }
}

func dataArrived(
  _ code: Int32, _ value: UnsafePointer<CChar>?, _ count: Int32, _ stat: UnsafePointer<Stat>?,
  _ call: UnsafeRawPointer?
) {
  TypedCall<Node>.at(call).finish(code) {
    // A node can be without data, which the library tells by the count -1.
    let data = UnsafeRawBufferPointer(start: value, count: max(0, Int(count)))
    return stat.map { Node(data: Array(data), stat: NodeStat($0.pointee)) }
  }
}

func namesArrived(
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
