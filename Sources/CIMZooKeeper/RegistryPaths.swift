import CIMCore

/// Which nodes make up the registry.
struct RegistryPaths: Hashable, Sendable {
  /// Has a child per server.
  let servers: String

  /// Has a child per route.
  let routes: String

  init(root: String) {
    let root = root.hasSuffix("/") ? String(root.dropLast()) : root
    self.servers = "\(root)/servers"
    self.routes = "\(root)/routes"
  }

  /// The node of an entry.
  func path(of entry: RegistryEntry) -> String {
    switch entry {
    case .server(let record): "\(self.servers)/\(record.instance.id)"
    case .route(let record): "\(self.routes)/\(record.instance.id)"
    }
  }
}
