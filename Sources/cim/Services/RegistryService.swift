import CIMZooKeeper
import ServiceLifecycle

/// Keeps the registry for as long as the services that use it: list it before them, and it is stopped after them.
struct RegistryService: Service {
  let registry: ZooKeeperServerRegistry

  func run() async {
    await cancelWhenGracefulShutdown { await self.registry.run() }
  }
}
