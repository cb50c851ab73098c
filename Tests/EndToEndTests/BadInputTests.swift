import CIMProtos
import NIOCore
import NgRPC
import NgRPCProtos
import TestSupport
import Testing

/// Whatever comes in gets a clear error, and the processes live on: all these tests use one cluster, which goes on
/// serving.
@Suite struct BadInputTests {
  private static let starting = Task { try await CimCluster() }

  private func withRoute(
    _ body: (CimCluster, CimV1.Route.Client) async throws -> Void
  ) async throws {
    let cluster = try await Self.starting.value
    try await withChannel(to: cluster.route.ports[0]) { channel in
      try await body(cluster, CimV1.Route.Client(channel))
    }
    for process in cluster.processes {
      for port in process.ports { #expect(await process.health(port: port) == .serving, "\(process.log)") }
    }
  }

  @Test("An unknown user is NOT_FOUND, wherever it is named", .timeLimit(.minutes(1)))
  func unknownUser() async throws {
    try await withRoute { _, route in
      let login = try await status {
        try await route.login(.init(userID: 999_999, name: "nobody", deviceID: "d"))
      }
      #expect(login?.code == .notFound)
      #expect(login?.message.contains("999999") == true)
      let lookup = try await status { try await route.getUser(.init(key: .userID(999_999))) }
      #expect(lookup?.code == .notFound)
      let (_, options) = try await logIn("sender-to-nobody", through: route)
      let send = try await status {
        try await route.send(
          .init(target: .userID(999_999), content: .init(kind: .text("hi"))), options: options)
      }
      #expect(send?.code == .notFound)
    }
  }

  @Test(
    "A text that is empty or too long is INVALID_ARGUMENT, and the limit is named", .timeLimit(.minutes(1)))
  func badText() async throws {
    try await withRoute { _, route in
      let (_, options) = try await logIn("long-winded", through: route)
      for text in ["", String(repeating: "x", count: 1 << 20), String(repeating: "x", count: 65_537)] {
        let send = try await status {
          try await route.send(
            .init(target: .conversation("lobby"), content: .init(kind: .text(text))), options: options)
        }
        #expect(send?.code == .invalidArgument, "\(text.utf8.count) bytes")
        if !text.isEmpty { #expect(send?.message.contains("65536") == true, "\(send?.message ?? "")") }
      }
      let longest = CimV1.Content(kind: .text(String(repeating: "x", count: 65_536)))
      _ = try await route.send(.init(target: .conversation("lobby"), content: longest), options: options)
    }
  }

  @Test(
    "A conversation that is none is INVALID_ARGUMENT", .timeLimit(.minutes(1)),
    arguments: ["", "p:one:two", "p:2:1", "p:1:99999999999999999999", "lobby2", "g:", "p:1", "\u{0}"])
  func badConversation(conversation: String) async throws {
    try await withRoute { _, route in
      let (_, options) = try await logIn("lost", through: route)
      let send = try await status {
        try await route.send(
          .init(target: .conversation(conversation), content: .init(kind: .text("hi"))), options: options)
      }
      #expect(send?.code == .invalidArgument)
    }
  }

  @Test(
    "A token that is not valid is UNAUTHENTICATED on every call that takes one", .timeLimit(.minutes(1)),
    arguments: [
      nil, "", "nonsense", "Bearer", "Bearer nonsense", "Bearer 1.", "Bearer .",
      "Bearer 99999999999999999999999.AAAA", "Bearer 1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ])
  func badToken(authorization: String?) async throws {
    try await withRoute { cluster, route in
      var options = CallOptions(timeout: .seconds(10))
      if let authorization { options.metadata.add(authorization, for: "authorization") }
      let send = try await status {
        try await route.send(
          .init(target: .conversation("lobby"), content: .init(kind: .text("hi"))), options: options)
      }
      #expect(send?.code == .unauthenticated)
      let logout = try await status { try await route.logout(.init(), options: options) }
      #expect(logout?.code == .unauthenticated)
      let connect = try await withChannel(to: cluster.servers[0].ports[0]) { channel in
        let call = CimV1.Session.Client(channel).connect(options: options)
        try call.send(immediately: .init(frame: .hello(.init(deviceID: "d", protocolVersion: 1))))
        return try await call.status()
      }
      #expect(connect.code == .unauthenticated)
    }
  }

  @Test("A message of random bytes ends its call with an error", .timeLimit(.minutes(1)))
  func randomMessages() async throws {
    var random = SystemRandomNumberGenerator()
    let messages = (1...20).map { size in
      // A first byte of 0xff is never the beginning of a message.
      ByteBuffer(bytes: [0xff] + (0..<size * size).map { _ in UInt8.random(in: 0...255, using: &random) })
    }
    try await withRoute { cluster, route in
      let (_, options) = try await logIn("noisy", through: route)
      for message in messages {
        let methods: [(Int, MethodDescriptor)] = [
          (cluster.route.ports[0], CimV1.Route.Methods.login),
          (cluster.route.ports[0], CimV1.Route.Methods.send),
          (cluster.servers[0].ports[0], CimV1.Session.Methods.connect),
          (cluster.servers[0].ports[1], CimV1.Push.Methods.link),
        ]
        for (port, method) in methods {
          let end = try await withChannel(to: port) { channel in
            let call = channel.call(method, options: options, (ByteBuffer.self, ByteBuffer.self))
            try call.send(immediately: message)
            call.finish()
            return try await call.status()
          }
          #expect(end.code != .ok, "\(method.path)")
        }
      }
    }
  }

  @Test("Random bytes on a port close that connection and no more", .timeLimit(.minutes(1)))
  func randomBytes() async throws {
    let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    let settings: [UInt8] = [0, 0, 0, 4, 0, 0, 0, 0, 0]
    let beginnings = [[], Array("GET / HTTP/1.1\r\n\r\n".utf8), preface, preface + settings]
    try await withRoute { cluster, _ in
      for port in cluster.processes.flatMap(\.ports) {
        for beginning in beginnings {
          for _ in 1...5 {
            let noise = (0..<4096).map { _ in UInt8.random(in: 0...255) }
            let socket = try LoopbackSocket(port: port)
            // The connection may be closed at any byte.
            try? socket.send(beginning + noise)
          }
        }
      }
    }
  }

  @Test("A bad send on a session is refused, and the session goes on", .timeLimit(.minutes(1)))
  func badSends() async throws {
    try await withRoute { cluster, route in
      let user = try #require(try await route.register(.init(name: "careless")).user)
      let login = try await route.login(.init(userID: user.id, name: user.name, deviceID: "careless"))
      let port = try #require(login.server.map { Int($0.port) })
      try await withChannel(to: port) { channel in
        let options = CallOptions(metadata: ["authorization": "Bearer \(login.token)"])
        let call = CimV1.Session.Client(channel).connect(options: options)
        try await call.send(.init(frame: .hello(.init(deviceID: "careless", protocolVersion: 1))))
        let long = String(repeating: "x", count: 1 << 20)
        let sends: [(conversation: String, content: CimV1.Content?)] = [
          ("lobby", nil), ("lobby", .init()), ("lobby", .init(kind: .text(""))),
          ("lobby", .init(kind: .text(long))),
          ("p:one:two", .init(kind: .text("hi"))), ("", .init(kind: .text("hi"))),
        ]
        var answers = call.messages.makeAsyncIterator()
        // What is sent before the welcome is refused for another reason.
        guard case .welcome = try await answers.next()?.frame else {
          Issue.record("the hello was not answered with a welcome")
          return
        }
        for (index, send) in sends.enumerated() {
          let id = CimV1.SendId(
            producer: "p", conversation: send.conversation, counter: UInt64(index % 4) + 1)
          try await call.send(.init(frame: .send(.init(sendID: id, content: send.content))))
          guard case .refused(let refusal) = try await nextResult(&answers).outcome else {
            Issue.record("send \(index) was accepted")
            continue
          }
          #expect(refusal.reason == .invalid, "\(refusal.detail)")
        }
        let good = CimV1.SendId(producer: "p", conversation: "lobby", counter: 5)
        try await call.send(
          .init(frame: .send(.init(sendID: good, content: .init(kind: .text("fine"))))))
        guard case .accepted = try await nextResult(&answers).outcome else {
          Issue.record("the good send was refused")
          return
        }
        call.cancel()
      }
    }
  }

  @Test("A line that is too long is not sent, and the next one is", .timeLimit(.minutes(1)))
  func longLine() async throws {
    try await withRoute { cluster, _ in
      let reader = try await cluster.chat(as: "reader")
      let state = try TemporaryDirectory()
      let chat = try ChildProcess(
        Command(
          Repository.cim, ["chat", "--name", "piper", "--route", cluster.route.address],
          environment: ["XDG_STATE_HOME": state.path]))
      try chat.write(String(repeating: "x", count: 70_000) + "\nnot too long\n")
      chat.closeInput()
      try await reader.sees("not too long")
      #expect(try await chat.waitUntilExit() != .code(0), "not every line was sent")
      #expect(chat.errors.text.contains("not sent"))
      #expect(chat.errors.text.contains("65536"), "\(chat.errors.text)")
    }
  }

  @Test("An id that is no number is refused where it is typed, with a hint", .timeLimit(.minutes(1)))
  func badID() async throws {
    try await withRoute { cluster, _ in
      let chat = try await cluster.chat(as: "typist")
      let mark = chat.process.output.end
      try chat.type("abc;;hello")
      try await chat.sees("\"abc\" is no user id", after: mark)
      try chat.type("999999;;hello")
      try await chat.sees("no user 999999", after: mark)
      try chat.type("and on it goes")
      try chat.type(":q!")
      #expect(try await chat.process.waitUntilExit() == .code(0))
    }
  }

  /// The next answer to a send.
  private func nextResult(
    _ responses: inout ClientCall<CimV1.ConnectRequest, CimV1.ConnectResponse>.Messages.AsyncIterator
  ) async throws -> CimV1.SendResult {
    while let response = try await responses.next() {
      if case .sendResult(let result) = response.frame { return result }
    }
    throw DeadlineExceeded("the session ended without an answer")
  }

  private func logIn(
    _ name: String, through route: CimV1.Route.Client
  ) async throws -> (CimV1.User, CallOptions) {
    let user = try #require(try await route.register(.init(name: name)).user)
    let login = try await route.login(
      .init(userID: user.id, name: name, deviceID: "test-\(UInt64.random(in: 0...(.max)))"))
    return (user, CallOptions(metadata: ["authorization": "Bearer \(login.token)"]))
  }
}
