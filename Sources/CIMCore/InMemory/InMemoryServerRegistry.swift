import Synchronization

/// A registry for one process with everything in it.
public final class InMemoryServerRegistry: ServerRegistry {
  private struct State {
    var servers: [ServerID: ServerRecord] = [:]
    var routes: [ServerID: RouteRecord] = [:]
  }

  private let state = Mutex(State())
  private let latest = Latest<[ServerRecord]>([])

  /// Creates a registry without entries.
  public init() {}

  public func register(_ server: ServerRecord) async throws(StoreError) -> any Registration {
    self.register(.server(server))
  }

  public func register(_ route: RouteRecord) async throws(StoreError) -> any Registration {
    self.register(.route(route))
  }

  public func servers() -> AsyncStream<[ServerRecord]> { self.latest.values() }

  public func ping() async throws(StoreError) {}

  private func register(_ entry: RegistryEntry) -> InMemoryRegistration {
    self.write(entry)
    return InMemoryRegistration(entry, in: self)
  }

  /// Enters what is there, in place of what stood under the same id.
  func write(_ entry: RegistryEntry) {
    self.change { state in
      switch entry {
      case .server(let record): state.servers[record.instance.id] = record
      case .route(let record): state.routes[record.instance.id] = record
      }
    }
  }

  /// Writes over the entry of the same registration; nothing happens when another stands in its place.
  func update(_ entry: RegistryEntry) {
    self.change { state in
      switch entry {
      case .server(let record) where state.servers[record.instance.id]?.instance == record.instance:
        state.servers[record.instance.id] = record
      case .route(let record) where state.routes[record.instance.id]?.instance == record.instance:
        state.routes[record.instance.id] = record
      default: break
      }
    }
  }

  /// Takes an entry out; nothing happens when another stands in its place.
  func remove(_ entry: RegistryEntry) {
    self.change { state in
      switch entry {
      case .server(let record) where state.servers[record.instance.id]?.instance == record.instance:
        state.servers[record.instance.id] = nil
      case .route(let record) where state.routes[record.instance.id]?.instance == record.instance:
        state.routes[record.instance.id] = nil
      default: break
      }
    }
  }

  private func change(_ body: (inout State) -> Void) {
    self.state.withLock { state in
      let before = state.servers
      body(&state)
      guard state.servers != before else { return }
      // Under the lock, so that lists are published in the order of the changes.
      self.latest.publish(state.servers.values.sorted { $0.instance.id < $1.instance.id })
    }
  }
}
