import CIMCore
import CIMServer
import CIMTestSupport
import Logging
import TestSupport
import Testing
import NgRPC

@Suite("A server's life", .timeLimit(.minutes(1)))
struct ServerNodeTests {
  @Test("A server that waits for its registry can be stopped")
  func stoppedWhileRegistering() async throws {
    let node = ServerNode(
      configuration: ServerConfiguration(id: try ServerID("s1"), version: "test"),
      registry: UnreachableRegistry(), logger: Logger(label: "server", factory: { _ in SilentLog() }))
    let endpoint = Endpoint(host: "127.0.0.1", port: 1)
    let running = Task { try await node.run(advertising: .init(client: endpoint, push: endpoint)) }
    try await eventually("it registers") { node.instance != nil }
    await node.shutdown(within: .seconds(5))
    try await withDeadline(.seconds(10), "the end of run") { try await running.value }
  }
}
