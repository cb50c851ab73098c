import CIMCore
import Synchronization

/// A registry in memory that forgets servers when it is told to, as one does whose session with them expired.
public final class ForgetfulRegistry: ServerRegistry {
  private let registry = InMemoryServerRegistry()
  private let entries = Mutex<[ServerID: ForgetfulRegistration]>([:])

  public init() {}

  public func register(_ server: ServerRecord) async throws(StoreError) -> any Registration {
    let entry = ForgetfulRegistration(server, try await registry.register(server), in: registry)
    entries.withLock { $0[server.instance.id] = entry }
    return entry
  }

  public func register(_ route: RouteRecord) async throws(StoreError) -> any Registration {
    try await registry.register(route)
  }

  public func servers() -> AsyncStream<[ServerRecord]> { registry.servers() }

  public func ping() async throws(StoreError) {}

  /// Loses a server's entry.
  public func forget(_ id: ServerID) async { await entries.withLock { $0[id] }?.lose() }

  /// Has a server that was forgotten register anew.
  public func remember(_ id: ServerID) async throws { try await entries.withLock { $0[id] }?.renew() }
}

/// A registration that can be lost and made again.
final class ForgetfulRegistration: Registration {
  private let record: ServerRecord
  private let registry: InMemoryServerRegistry
  private let current: Mutex<any Registration>
  private let latest: Latest<ServerInstance>

  init(_ record: ServerRecord, _ registration: any Registration, in registry: InMemoryServerRegistry) {
    self.record = record
    self.registry = registry
    current = Mutex(registration)
    latest = Latest(record.instance)
  }

  var instance: ServerInstance { latest.value ?? record.instance }

  func instances() -> AsyncStream<ServerInstance> { latest.values() }

  func setDraining(_ isDraining: Bool) async throws(StoreError) {
    try await current.withLock { $0 }.setDraining(isDraining)
  }

  func withdraw() async {
    await lose()
    latest.finish()
  }

  func lose() async { await current.withLock { $0 }.withdraw() }

  func renew() async throws {
    let record = record.with(incarnation: .random())
    let registration = try await registry.register(record)
    current.withLock { $0 = registration }
    latest.publish(record.instance)
  }
}
