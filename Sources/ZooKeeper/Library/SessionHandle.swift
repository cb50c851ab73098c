import CZooKeeper
import Dispatch
import Glibc
import Synchronization

/// One session: it owns the C library's handle, whose two threads do the work. Unsafe pointers are in this folder
/// alone.
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
  struct Pointer: @unchecked Sendable {
    let raw: OpaquePointer
  }

  /// Closing waits for the library's threads, and for the server: it needs a thread that may wait.
  private static let closing = DispatchQueue(label: "zookeeper.closing", attributes: .concurrent)

  let pointer: Mutex<Pointer?>
  let context: SessionContext

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
