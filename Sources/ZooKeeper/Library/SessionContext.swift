import CZooKeeper

/// What the handle's context points to.
final class SessionContext: Sendable {
  let table = CallTable()
  let onEvent: @Sendable (SessionHandle.Event) -> Void

  init(onEvent: @escaping @Sendable (SessionHandle.Event) -> Void) {
    self.onEvent = onEvent
  }

  static func of(_ handle: OpaquePointer?) -> SessionContext? {
    zoo_get_context(handle).map { Unmanaged.fromOpaque($0).takeUnretainedValue() }
  }
}
