import Synchronization

/// An entry in an in-memory registry, which never loses one by itself.
final class InMemoryRegistration: Registration {
  private enum State {
    case entered(RegistryEntry)
    case withdrawn
  }

  private let state: Mutex<State>
  private let registry: InMemoryServerRegistry
  private let latest: Latest<ServerInstance>

  let instance: ServerInstance

  init(_ entry: RegistryEntry, in registry: InMemoryServerRegistry) {
    self.state = Mutex(.entered(entry))
    self.registry = registry
    self.latest = Latest(entry.instance)
    self.instance = entry.instance
  }

  func instances() -> AsyncStream<ServerInstance> { self.latest.values() }

  func setDraining(_ isDraining: Bool) async throws(StoreError) {
    self.state.withLock { state in
      guard case .entered(let entry) = state else { return }
      let changed = entry.with(isDraining: isDraining)
      state = .entered(changed)
      self.registry.update(changed)
    }
  }

  func withdraw() async {
    self.state.withLock { state in
      guard case .entered(let entry) = state else { return }
      state = .withdrawn
      self.registry.remove(entry)
    }
    self.latest.finish()
  }
}
