import CIMCore
import CIMProtos
import CIMRoute
import CIMTestSupport
import NIOCore
import NgRPC
import TestSupport

/// One route, one probe in a server's place, and the stores behind them.
struct ProbedRoute: Sendable {
  /// Somebody who has logged in.
  struct Person: Sendable {
    let account: Account
    let token: String
    let device: String

    var id: UInt64 { account.id.rawValue }
    var bearer: CallOptions { CallOptions(metadata: ["authorization": "Bearer \(token)"]) }
  }

  let cluster: Cluster
  let memory: InMemoryStores
  let held: HeldStores
  let registry: InMemoryServerRegistry
  let probe: ProbeServer

  var route: RunningRoute { cluster.routes[0] }
  var stores: Stores { memory.stores }
  var statistics: RouteStatistics { route.node.statistics }

  /// Runs `body` with a route that is linked to a probe.
  static func run(
    interest: [String] = ["lobby"], limits: MessageLogLimits = .defaults,
    configure: @escaping @Sendable (inout RouteConfiguration) -> Void = { _ in },
    _ body: @Sendable (ProbedRoute) async throws -> Void
  ) async throws {
    let memory = InMemoryStores(limits: limits)
    let held = HeldStores(memory.stores)
    let registry = InMemoryServerRegistry()
    try await Cluster.run(servers: 0) {
      $0.stores = held.stores
      $0.registry = registry
      $0.route = configure
    } _: { cluster in
      let probe = try await ProbeServer(interest: interest, registry: registry)
      let probed = ProbedRoute(
        cluster: cluster, memory: memory, held: held, registry: registry, probe: probe)
      do {
        try await body(probed)
      } catch {
        held.releaseAll()
        await probe.stop()
        throw error
      }
      held.releaseAll()
      await probe.stop()
    }
  }

  /// Registers somebody and logs a device in.
  func person(_ name: String, device: String = "d") async throws -> Person {
    let account = try await stores.accounts.register(try UserName(name)).account
    let login = try await stores.logins.create(user: account.id, device: try DeviceID(device))
    return Person(account: account, token: login.token.text, device: device)
  }

  /// Connects a person through the probe.
  func connect(_ person: Person) async throws -> CimV1.SessionRef {
    guard case .granted(let granted) = try await probe.open(person.token, device: person.device) else {
      throw DeadlineExceeded("\(person.account.name) is not let in")
    }
    return CimV1.SessionRef(userID: person.id, deviceID: person.device, sessionEpoch: granted.sessionEpoch)
  }

  /// Sends a text through the API.
  @discardableResult
  func say(
    _ text: String, in conversation: String, as person: Person, level: CimV1.AckLevel = .logged
  ) async throws -> CimV1.Accepted {
    let request = CimV1.SendRequest(
      target: .conversation(conversation), content: CimV1.Content(kind: .text(text)), ackLevel: level)
    let response = try await cluster.withRoute { try await $0.send(request, options: person.bearer) }
    guard let accepted = response.accepted else { throw DeadlineExceeded("no answer") }
    return accepted
  }

  /// Writes entries into a log, past the route.
  @discardableResult
  func write(_ count: Int, to conversation: Conversation, as person: Person) async throws -> [LogEntry] {
    var entries: [LogEntry] = []
    for number in 0..<count {
      var content = ByteBuffer()
      try CimV1.Content(kind: .text("\(number)")).serialize(into: &content)
      let outcome = try await stores.log.append(
        Append(conversation: conversation, sender: person.account, idempotency: .none, content: content))
      guard case .accepted(let entry, _, _) = outcome else { throw DeadlineExceeded("not appended") }
      entries.append(entry)
    }
    return entries
  }
}

extension CimV1.LogPosition {
  init(_ position: LogPosition) { self.init(epoch: position.epoch, seq: position.seq) }
}

extension CimV1.Page {
  /// What its messages say.
  var texts: [String] {
    messages.map { if case .text(let text) = $0.content?.kind { text } else { "?" } }
  }
}
