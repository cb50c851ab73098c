import CIMProtos
import Logging
import NIOCore
import NgRPC
import Synchronization
import TestSupport

/// A client made of the generated stubs, frame by frame.
public final class TestClient: Sendable {
  public let user: CimV1.User
  public let device: String
  public let token: String
  public let server: CimV1.ServerEndpoint
  public let welcome: CimV1.Welcome
  private let channel: RPCChannel
  private let call: ClientCall<CimV1.ConnectRequest, CimV1.ConnectResponse>
  private let producer: String
  private let counters = Mutex<[String: UInt64]>([:])
  private let positions = Mutex<[String: CimV1.LogPosition]>([:])

  /// Registers, logs in, connects, and waits for the welcome.
  ///
  /// - Parameters:
  ///   - kind: what kind of device it says it is.
  ///   - index: which server to connect to; nil takes the one that the route chooses.
  ///   - cursors: how far it says it has stored what it knows of.
  public init(
    _ name: String, device: String = "d1", kind: String = "", to index: Int? = nil,
    cursors: [CimV1.Cursor] = [],
    in cluster: Cluster
  ) async throws {
    let login = try await cluster.withRoute { route in
      let user = try await route.register(CimV1.RegisterRequest(name: name)).user
      return try await route.login(
        CimV1.LoginRequest(userID: user?.id ?? 0, name: name, deviceID: device, deviceKind: kind))
    }
    guard let user = login.user, let server = login.server else {
      throw RPCError(code: .unknown, message: "The login's answer lacks the user or the server.")
    }
    let endpoint =
      index.map { Endpoint(host: "127.0.0.1", port: cluster.servers[$0].address.port ?? 0) }
      ?? Endpoint(host: server.host, port: Int(server.port))
    (channel, call) = Self.open(token: login.token, at: endpoint)
    self.user = user
    self.device = device
    self.server = server
    token = login.token
    producer = "p-\(name)-\(device)"
    try await call.send(
      CimV1.ConnectRequest(frame: .hello(CimV1.Hello(deviceID: device, protocolVersion: 1, cursors: cursors)))
    )
    guard case .welcome(let welcome) = try await Self.next(call) else {
      throw RPCError(code: .unknown, message: "The first frame was no welcome.")
    }
    self.welcome = welcome
  }

  /// Opens a stream, without any frame on it.
  public static func open(
    token: String, at endpoint: Endpoint
  ) -> (RPCChannel, ClientCall<CimV1.ConnectRequest, CimV1.ConnectResponse>) {
    let channel = RPCChannel(to: [endpoint], logger: .init(label: "client", factory: { _ in SilentLog() }))
    let metadata: Metadata = ["authorization": "Bearer \(token)"]
    return (channel, CimV1.Session.Client(channel).connect(options: CallOptions(metadata: metadata)))
  }

  /// Sends a frame.
  public func send(_ frame: CimV1.ConnectRequest.Frame?) async throws {
    try await call.send(CimV1.ConnectRequest(frame: frame))
  }

  /// Sends a text under the next number, and does not wait for the answer.
  ///
  /// - Parameter again: the number of a text that is sent again.
  /// - Returns: the number.
  @discardableResult
  public func post(
    _ text: String, to conversation: String, properties: [String: String] = [:], as again: UInt64? = nil
  ) async throws -> UInt64 {
    let counter =
      again
      ?? counters.withLock { counters in
        counters[conversation, default: 0] += 1
        return counters[conversation, default: 0]
      }
    let id = CimV1.SendId(producer: producer, conversation: conversation, counter: counter)
    try await send(
      .send(CimV1.Send(sendID: id, content: CimV1.Content(kind: .text(text), properties: properties))))
    return counter
  }

  /// The private conversation with another user.
  public func conversation(with other: TestClient) -> String {
    "p:\(min(user.id, other.user.id)):\(max(user.id, other.user.id))"
  }

  // MARK: What comes

  /// Keeps in mind how far a conversation has come.
  public func note(_ position: CimV1.LogPosition?, of conversation: String) {
    positions.withLock { $0[conversation] = position }
  }

  /// How far a conversation has come, as `note` was told.
  public func lastPosition(of conversation: String) -> CimV1.LogPosition? {
    positions.withLock { $0[conversation] }
  }

  /// The next frame; nil when the call has ended with OK.
  public func next() async throws -> CimV1.ConnectResponse.Frame? { try await Self.next(call) }

  /// The next frame that `pick` takes; others are skipped.
  public func next<Value>(_ pick: (CimV1.ConnectResponse.Frame) -> Value?) async throws -> Value {
    while let frame = try await next() {
      if let value = pick(frame) { return value }
    }
    throw RPCError(code: .ok, message: "The call has ended.")
  }

  /// The next message.
  public func nextMessage() async throws -> CimV1.Message {
    try await next { if case .message(let message) = $0 { message } else { nil } }
  }

  /// The answer to the next send that is answered.
  public func nextResult() async throws -> CimV1.SendResult {
    try await next { if case .sendResult(let result) = $0 { result } else { nil } }
  }

  /// The next kick.
  public func nextKick() async throws -> CimV1.Kick {
    try await next { if case .kick(let kick) = $0 { kick } else { nil } }
  }

  /// How the call ended.
  public func status() async throws -> RPCError {
    try await withDeadline(.seconds(10), "the end of the call") { [call] in try await call.status() }
  }

  private static func next(
    _ call: ClientCall<CimV1.ConnectRequest, CimV1.ConnectResponse>
  ) async throws -> CimV1.ConnectResponse.Frame? {
    try await withDeadline(.seconds(10), "a frame from the server") {
      for try await response in call.messages { return response.frame }
      return nil
    }
  }

  /// Leaves, and waits until the connection is gone.
  public func leave() async {
    call.finish()
    await channel.shutdown(within: .seconds(1))
  }

  /// Cuts the connection.
  public func cut() async { await channel.shutdown(within: .zero) }
}
