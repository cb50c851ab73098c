import CIMCore
import CIMProtos
import CIMRedis
import CIMRoute
import CIMTestSupport
import Logging
import NIOCore
import NgRPC
import Redis
import TestSupport
import Testing

@Suite("Large groups", .timeLimit(.minutes(3)))
struct LargeGroupTests {
  private typealias Stream = ClientCall<CimV1.ConnectRequest, CimV1.ConnectResponse>

  private static let memberCount = 10_000
  private static let onlineCount = 2_000

  /// Runs an operation on all items, some hundred at a time, and keeps their order.
  private func each<Item: Sendable, Result: Sendable>(
    of items: [Item], _ operation: @escaping @Sendable (Int, Item) async throws -> Result
  ) async throws -> [Result] {
    var results: [Int: Result] = [:]
    for start in stride(from: 0, to: items.count, by: 200) {
      try await withThrowingTaskGroup(of: (Int, Result).self) { group in
        for index in start..<min(start + 200, items.count) {
          group.addTask {
            let result = try await operation(index, items[index])
            return (index, result)
          }
        }
        for try await (index, result) in group { results[index] = result }
      }
    }
    return items.indices.compactMap { results[$0] }
  }

  /// Registers people, and makes a group of them.
  private func makeGroup(_ group: GroupID, in stores: Stores) async throws -> [Account] {
    let accounts = try await each(of: Array(0..<Self.memberCount)) { _, number in
      try await stores.accounts.register(try UserName("m\(number)")).account
    }
    var content = ByteBuffer()
    try CimV1.Content(kind: .membership(.joined)).serialize(into: &content)
    let joined = content
    _ = try await stores.groups.create(group, owner: accounts[0], content: joined)
    _ = try await each(of: Array(accounts.dropFirst())) { _, account in
      try await stores.groups.join(group, account, content: joined)
    }
    return accounts
  }

  /// Opens a session that has all of the group's log, and waits for the welcome.
  private func connect(
    _ login: Login, token: String, over channel: RPCChannel, knowing cursor: CimV1.Cursor
  ) async throws -> Stream {
    let stream = CimV1.Session.Client(channel)
      .connect(options: CallOptions(metadata: ["authorization": "Bearer \(token)"]))
    let hello = CimV1.Hello(deviceID: "d", protocolVersion: 1, cursors: [cursor])
    try await stream.send(CimV1.ConnectRequest(frame: .hello(hello)))
    for try await response in stream.messages {
      guard case .welcome = response.frame else { continue }
      return stream
    }
    throw DeadlineExceeded("user \(login.user) was not welcomed")
  }

  /// How many messages come until that text does, it among them.
  private func messages(on stream: Stream, until text: String) async throws -> Int {
    var count = 0
    for try await response in stream.messages {
      guard case .message(let message) = response.frame else { continue }
      count += 1
      if message.content?.kind == .text(text) { return count }
    }
    throw DeadlineExceeded("the stream has ended before \(text)")
  }

  @Test(
    "A message to 10,000 members, of whom 2,000 are online on three servers, is one frame for each server")
  func fanOut() async throws {
    let redis = try await RedisServer()
    let client = RedisClient(
      address: try RedisAddress(url: redis.url), logger: Logger(label: "redis", factory: { _ in SilentLog() })
    )
    try await Cluster.run(servers: 3) {
      $0.stores = .redis(client)
    } _: { cluster in
      let group = try GroupID("big")
      let conversation = Conversation.group(group)
      let stores = cluster.stores
      let accounts = try await makeGroup(group, in: stores)
      let tail = try #require(try await stores.log.tail(of: conversation))
      let cursor = CimV1.Cursor(
        conversation: conversation.description, position: CimV1.LogPosition(epoch: tail.epoch, seq: tail.seq))
      let channels = cluster.servers.map { cluster.channel(to: $0.address) }
      let device = try DeviceID("d")
      let logins = try await each(of: Array(accounts.prefix(Self.onlineCount))) { _, account in
        try await stores.logins.create(user: account.id, device: device)
      }
      let streams = try await each(of: logins) { index, login in
        try await connect(login, token: login.token.text, over: channels[index % 3], knowing: cursor)
      }
      #expect(streams.count == Self.onlineCount)

      let before = cluster.routes[0].node.statistics
      let begun = ContinuousClock.now
      let bearer = CallOptions(metadata: ["authorization": "Bearer \(logins[0].token.text)"])
      let request = CimV1.SendRequest(
        target: .conversation(conversation.description), content: CimV1.Content(kind: .text("to all of you")))
      _ = try await cluster.withRoute { try await $0.send(request, options: bearer) }
      let counts = try await each(of: streams) { _, stream in
        try await messages(on: stream, until: "to all of you")
      }
      let took = ContinuousClock.now - begun
      let after = cluster.routes[0].node.statistics
      #expect(counts == Array(repeating: 1, count: Self.onlineCount))
      #expect(after.deliveries - before.deliveries == 3)
      #expect(after.accepted - before.accepted == 1)
      #expect(took < .seconds(20))

      for stream in streams { stream.cancel() }
      for channel in channels { await channel.shutdown(within: .zero) }
    }
    await client.shutdown()
    try await redis.stop()
  }
}
