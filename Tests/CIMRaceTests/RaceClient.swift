import CIMCore
import CIMProtos
import CIMTestSupport
import NIOCore
import NgRPC
import Synchronization
import TestSupport

/// A client as the protocol wants one, that notes what it saw: it keeps its places over its connections, acknowledges what it
/// has, and shows each message once.
final class RaceClient: Sendable {
  private typealias Call = ClientCall<CimV1.ConnectRequest, CimV1.ConnectResponse>

  private struct Connection: Sendable {
    let channel: RPCChannel
    let call: Call
    let reading: Task<Void, Never>
  }

  /// One shown message, or a reset.
  enum Shown: Hashable, Sendable {
    case text(String)
    case joined(UInt64)
    case left(UInt64)
    case removed(UInt64)
    case reset
  }

  private struct State {
    var connection: Connection?
    var places: [String: LogPosition] = [:]
    var shown: [String: [Shown]] = [:]
    /// What came that had been shown before.
    var doubles = 0
    /// What came with another predecessor than the last that was shown.
    var gaps = 0
    var results: [CimV1.SendId: CimV1.SendResult] = [:]
    var kicks: [CimV1.Kick] = []
    /// What a device of its receiver is known to have.
    var delivered: Set<CimV1.SendId> = []
    var welcomes = 0
    /// Whether the last connection has ended.
    var hasEnded = false
    var counters: [String: UInt64] = [:]
  }

  let user: CimV1.User
  let token: String
  private let cluster: Cluster
  private let state = Mutex(State())
  private let producer: String

  /// Registers and logs in; does not connect.
  init(_ name: String, in cluster: Cluster) async throws {
    let login = try await cluster.withRoute { route in
      let user = try await route.register(CimV1.RegisterRequest(name: name)).user
      return try await route.login(
        CimV1.LoginRequest(userID: user?.id ?? 0, name: name, deviceID: "d1"))
    }
    user = login.user ?? CimV1.User()
    token = login.token
    producer = "p-\(name)"
    self.cluster = cluster
  }

  var id: UserID { UserID(user.id) }

  /// The private conversation with another user.
  func direct(with other: RaceClient) -> Conversation { .direct(between: id, and: other.id) }

  // MARK: Connecting

  /// Connects to a server, and waits for the welcome.
  func connect(to server: Int = 0) async throws {
    let before = state.withLock { $0.welcomes }
    try await beginConnecting(to: server)
    try await eventually("\(user.name) is welcomed") { self.state.withLock { $0.welcomes } > before }
  }

  /// Connects to a server and says hello; waits for nothing.
  func beginConnecting(to server: Int = 0) async throws {
    let port = cluster.servers[server].address.port ?? 0
    state.withLock { state in
      state.hasEnded = false
      state.kicks = []
    }
    let (channel, call) = TestClient.open(token: token, at: Endpoint(host: "127.0.0.1", port: port))
    let cursors = state.withLock { state in
      state.places.map { CimV1.Cursor(conversation: $0.key, position: CimV1.LogPosition($0.value)) }
    }
    try await call.send(
      CimV1.ConnectRequest(
        frame: .hello(CimV1.Hello(deviceID: "d1", protocolVersion: 1, cursors: cursors))))
    let reading = Task {
      do {
        for try await response in call.messages { try await self.take(response.frame, from: call) }
      } catch {
        // The connection is gone; a test that cares looks at what was shown.
      }
      self.state.withLock { $0.hasEnded = true }
    }
    state.withLock { $0.connection = Connection(channel: channel, call: call, reading: reading) }
  }

  /// Leaves in good order.
  func leave() async {
    guard let connection = state.withLock({ $0.connection.take() }) else { return }
    connection.call.finish()
    await connection.reading.value
    await connection.channel.shutdown(within: .seconds(1))
  }

  /// Cuts the connection.
  func cut() async {
    guard let connection = state.withLock({ $0.connection.take() }) else { return }
    await connection.channel.shutdown(within: .zero)
  }

  // MARK: What comes

  private func take(_ frame: CimV1.ConnectResponse.Frame?, from call: Call) async throws {
    switch frame {
    case .welcome: state.withLock { $0.welcomes += 1 }
    case .message(let message): try await take(message, from: call)
    case .reset(let reset):
      state.withLock { state in
        state.shown[reset.conversation, default: []].append(.reset)
        state.places[reset.conversation] = reset.until.map(LogPosition.init)
      }
    case .sendResult(let result):
      state.withLock { state in
        if let id = result.sendID { state.results[id] = result }
      }
    case .kick(let kick): state.withLock { $0.kicks.append(kick) }
    case .delivered(let delivered):
      state.withLock { state in
        if let id = delivered.sendID { state.delivered.insert(id) }
      }
    default: break
    }
  }

  private func take(_ message: CimV1.Message, from call: Call) async throws {
    let position = LogPosition(message.position)
    let isNew = state.withLock { state in
      let place = state.places[message.conversation]
      if let place, position <= place {
        state.doubles += 1
        return false
      }
      if let place, message.previous.map(LogPosition.init) != place { state.gaps += 1 }
      state.places[message.conversation] = position
      state.shown[message.conversation, default: []] += Self.shown(message, by: user.id)
      return true
    }
    guard isNew else { return }
    let cursor = CimV1.Cursor(conversation: message.conversation, position: message.position)
    try await call.send(CimV1.ConnectRequest(frame: .ack(CimV1.Ack(cursors: [cursor]))))
  }

  /// Nothing for what the user said itself.
  private static func shown(_ message: CimV1.Message, by user: UInt64) -> [Shown] {
    let sender = message.sender?.id ?? 0
    switch message.content?.kind {
    case .text(let text): return sender == user ? [] : [.text(text)]
    case .membership(.joined): return [.joined(sender)]
    case .membership(.left): return [.left(sender)]
    case .membership(.removed): return [.removed(message.content?.member?.id ?? 0)]
    default: return []
    }
  }

  /// What was shown of a conversation, in its order.
  func shown(in conversation: Conversation) -> [Shown] {
    state.withLock { $0.shown[conversation.description] ?? [] }
  }

  /// The texts that were shown of a conversation, in their order.
  func texts(in conversation: Conversation) -> [String] {
    shown(in: conversation).compactMap { if case .text(let text) = $0 { text } else { nil } }
  }

  /// Waits until exactly those texts were shown of a conversation.
  func waitForTexts(_ texts: [String], in conversation: Conversation) async throws {
    try await eventually("\(user.name) was shown \(texts), and not \(self.texts(in: conversation))") {
      self.texts(in: conversation).count >= texts.count
    }
    guard self.texts(in: conversation) == texts, gaps == 0 else {
      throw DeadlineExceeded(
        "\(user.name) was shown \(self.texts(in: conversation)) with \(gaps) gaps, not \(texts)")
    }
  }

  /// How often a message came whose predecessor was not the one shown last.
  var gaps: Int { state.withLock { $0.gaps } }

  /// Whether it was ever welcomed.
  var isWelcome: Bool { state.withLock { $0.welcomes > 0 } }

  /// Whether its last connection has ended.
  var hasEnded: Bool { state.withLock { $0.hasEnded } }

  /// Why connections were closed by servers, since it connected last.
  var kicks: [CimV1.Kick] { state.withLock { $0.kicks } }

  /// Whether a message is known to have reached a device of its receiver.
  func isDelivered(_ id: CimV1.SendId) -> Bool { state.withLock { $0.delivered.contains(id) } }

  // MARK: Sending

  /// Sends a text, and does not wait for the answer.
  ///
  /// - Parameters:
  ///   - id: sends under the number of a message that was sent before.
  ///   - level: how sure of it the sender wants to be.
  @discardableResult
  func post(
    _ text: String, to conversation: Conversation, again id: CimV1.SendId? = nil,
    level: CimV1.AckLevel = .logged
  ) async throws -> CimV1.SendId {
    let (call, id) = state.withLock { state in
      let name = conversation.description
      if id == nil { state.counters[name, default: 0] += 1 }
      let id =
        id ?? CimV1.SendId(producer: producer, conversation: name, counter: state.counters[name] ?? 0)
      state.results[id] = nil
      return (state.connection?.call, id)
    }
    try await call?.send(
      CimV1.ConnectRequest(
        frame: .send(CimV1.Send(sendID: id, content: CimV1.Content(kind: .text(text)), ackLevel: level))))
    return id
  }

  /// Waits for what became of a message.
  func result(of id: CimV1.SendId) async throws -> CimV1.SendResult.Outcome? {
    try await eventually("\(user.name) is answered \(id.counter)") {
      self.state.withLock { $0.results[id] != nil }
    }
    return state.withLock { $0.results[id]?.outcome }
  }

  /// Sends a text and waits until it is accepted.
  @discardableResult
  func say(_ text: String, to conversation: Conversation) async throws -> CimV1.Accepted {
    let outcome = try await result(of: try await post(text, to: conversation))
    guard case .accepted(let accepted) = outcome else {
      throw DeadlineExceeded("\"\(text)\" was not accepted: \(String(describing: outcome))")
    }
    return accepted
  }
}

extension CimV1.LogPosition {
  init(_ position: LogPosition) { self.init(epoch: position.epoch, seq: position.seq) }
}

extension LogPosition {
  init(_ position: CimV1.LogPosition?) {
    self.init(epoch: position?.epoch ?? 0, seq: position?.seq ?? 0)
  }
}
