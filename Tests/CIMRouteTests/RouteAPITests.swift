import CIMCore
import CIMProtos
import CIMRoute
import CIMTestSupport
import NgRPC
import TestSupport
import Testing

@Suite("The route's API", .timeLimit(.minutes(1)))
struct RouteAPITests {
  /// The status of a call that must fail.
  private func status(_ call: () async throws -> some Sendable) async throws -> RPCError {
    do {
      _ = try await call()
    } catch let error as RPCError {
      return error
    }
    throw DeadlineExceeded("the call was to fail and did not")
  }

  private func bearer(_ token: String) -> CallOptions {
    CallOptions(metadata: ["authorization": "Bearer \(token)"])
  }

  @Test("A name gets an id, and the same one again; ids and names are looked up")
  func register() async throws {
    try await Cluster.run(servers: 0) { cluster in
      try await cluster.withRoute { route in
        let ann = try await route.register(CimV1.RegisterRequest(name: "ann"))
        let bob = try await route.register(CimV1.RegisterRequest(name: "bob"))
        let again = try await route.register(CimV1.RegisterRequest(name: "ann"))
        #expect(ann.created && bob.created && !again.created)
        #expect(ann.user == again.user)
        #expect(ann.user?.id != bob.user?.id)
        #expect(try await route.getUser(CimV1.GetUserRequest(key: .name("bob"))).user == bob.user)
        #expect(
          try await route.getUser(CimV1.GetUserRequest(key: .userID(ann.user?.id ?? 0))).user == ann.user)
      }
    }
  }

  @Test("Bad input is refused with the field and the rule, and the route goes on")
  func badInput() async throws {
    try await Cluster.run { cluster in
      let ann = try await TestClient("ann", in: cluster)
      try await cluster.withRoute { route in
        let long = String(repeating: "n", count: 65)
        for name in ["", long, "a;b", "a\nb"] {
          let status = try await status { try await route.register(CimV1.RegisterRequest(name: name)) }
          #expect(status.code == .invalidArgument)
          #expect(status.message.contains("name") && status.message.contains("64"))
        }
        let calls: [(StatusCode, String, () async throws -> Void)] = [
          (
            .invalidArgument, "user_id",
            { _ = try await route.login(CimV1.LoginRequest(name: "ann", deviceID: "d")) }
          ),
          (
            .invalidArgument, "device_id",
            {
              _ = try await route.login(
                CimV1.LoginRequest(userID: ann.user.id, name: "ann", deviceID: "no good"))
            }
          ),
          (
            .notFound, "999",
            { _ = try await route.login(CimV1.LoginRequest(userID: 999, name: "x", deviceID: "d")) }
          ),
          (
            .permissionDenied, "name",
            {
              _ = try await route.login(CimV1.LoginRequest(userID: ann.user.id, name: "bob", deviceID: "d1"))
            }
          ),
          (.notFound, "999", { _ = try await route.getUser(CimV1.GetUserRequest(key: .userID(999))) }),
          (.notFound, "nobody", { _ = try await route.getUser(CimV1.GetUserRequest(key: .name("nobody"))) }),
          (.invalidArgument, "key", { _ = try await route.getUser(CimV1.GetUserRequest()) }),
          (
            .invalidArgument, "page_size",
            {
              _ =
                try await route.onlineUsers(
                  CimV1.OnlineUsersRequest(pageSize: 1001), options: self.bearer(ann.token))
            }
          ),
          (
            .invalidArgument, "page_token",
            {
              _ = try await route.onlineUsers(
                CimV1.OnlineUsersRequest(pageToken: "x"), options: self.bearer(ann.token))
            }
          ),
          (.unauthenticated, "authorization", { _ = try await route.send(CimV1.SendRequest()) }),
          (
            .unauthenticated, "authorization",
            { _ = try await route.onlineUsers(CimV1.OnlineUsersRequest()) }
          ),
          (
            .unauthenticated, "token",
            { _ = try await route.send(CimV1.SendRequest(), options: self.bearer("1.nonsense")) }
          ),
          (
            .invalidArgument, "target",
            { _ = try await route.send(CimV1.SendRequest(), options: self.bearer(ann.token)) }
          ),
          (
            .invalidArgument, "conversation",
            {
              _ = try await route.send(
                CimV1.SendRequest(target: .conversation("p:2:1")), options: self.bearer(ann.token))
            }
          ),
          (
            .invalidArgument, "content.kind",
            {
              _ = try await route.send(
                CimV1.SendRequest(target: .conversation("lobby")), options: self.bearer(ann.token))
            }
          ),
          (
            .notFound, "999",
            {
              _ = try await route.send(
                CimV1.SendRequest(target: .userID(999), content: CimV1.Content(kind: .text("x"))),
                options: self.bearer(ann.token))
            }
          ),
          (
            .notFound, "group",
            {
              _ = try await route.send(
                CimV1.SendRequest(target: .conversation("g:x"), content: CimV1.Content(kind: .text("x"))),
                options: self.bearer(ann.token))
            }
          ),
          (
            .permissionDenied, "p:7:8",
            {
              _ = try await route.history(
                CimV1.HistoryRequest(conversation: "p:7:8"), options: self.bearer(ann.token))
            }
          ),
        ]
        for (code, word, call) in calls {
          let status = try await status { try await call() }
          #expect(status.code == code, "\(status)")
          #expect(status.message.contains(word), "\(status)")
        }
      }
      await ann.leave()
    }
  }

  @Test("Logins go round the servers, and leave out the one to avoid")
  func balancing() async throws {
    try await Cluster.run(servers: 2) { cluster in
      try await cluster.withRoute { route in
        var servers: [String] = []
        for index in 0..<4 {
          let user = try await route.register(CimV1.RegisterRequest(name: "u\(index)")).user
          let login = CimV1.LoginRequest(userID: user?.id ?? 0, name: "u\(index)", deviceID: "d")
          servers.append(try await route.login(login).server?.id ?? "")
        }
        #expect(servers == ["s1", "s2", "s1", "s2"])
        for _ in 0..<3 {
          let login = CimV1.LoginRequest(userID: 1, name: "u0", deviceID: "d", avoidServerID: "s1")
          #expect(try await route.login(login).server?.id == "s2")
        }
      }
    }
  }

  @Test("A user who is online with another device is not let in; the same device is")
  func otherDevice() async throws {
    try await Cluster.run { cluster in
      let ann = try await TestClient("ann", device: "phone", in: cluster)
      try await cluster.withRoute { route in
        let other = CimV1.LoginRequest(userID: ann.user.id, name: "ann", deviceID: "desk")
        let status = try await status { try await route.login(other) }
        #expect(status.code == .alreadyExists)
        #expect(status.message.contains("another device") && !status.message.contains("phone"))
        let same = CimV1.LoginRequest(userID: ann.user.id, name: "ann", deviceID: "phone")
        #expect(try await route.login(same).user == ann.user)
        await ann.leave()
        try await eventually("the other device is let in") {
          do { return try await route.login(other).user == ann.user } catch { return false }
        }
      }
    }
  }

  @Test("A login that fails leaves no trace: the next one succeeds")
  func failedLogin() async throws {
    try await Cluster.run(servers: 0) { cluster in
      try await cluster.withRoute { route in
        let user = try await route.register(CimV1.RegisterRequest(name: "ann")).user
        let id = user?.id ?? 0
        let login = CimV1.LoginRequest(userID: id, name: "ann", deviceID: "d")
        let status = try await status { try await route.login(login) }
        #expect(status.code == .unavailable)
        #expect(status.message.contains("No server"))
        #expect(try await cluster.stores.sessions.sessions(of: [UserID(id)]).isEmpty)
        // Another device is not told that somebody is online.
        let other = try await self.status {
          try await route.login(CimV1.LoginRequest(userID: id, name: "ann", deviceID: "e"))
        }
        #expect(other.code == .unavailable)
      }
    }
  }

  @Test("After a logout the connection is closed, the user is offline, and the token is worth nothing")
  func logout() async throws {
    try await Cluster.run { cluster in
      let ann = try await TestClient("ann", in: cluster)
      let bob = try await TestClient("bob", in: cluster)
      try await cluster.withRoute { route in
        _ = try await route.logout(CimV1.LogoutRequest(), options: bearer(ann.token))
        #expect(try await ann.nextKick().reason == .loggedOut)
        try await eventually("only bob is online") {
          try await route.onlineUsers(CimV1.OnlineUsersRequest(), options: self.bearer(bob.token)).users == [
            bob.user
          ]
        }
        let status = try await status {
          try await route.logout(CimV1.LogoutRequest(), options: self.bearer(ann.token))
        }
        #expect(status.code == .unauthenticated)
      }
      await bob.leave()
      await ann.cut()
    }
  }

  @Test(
    "Another service sends to a user and to everyone, and a call repeated with its key sends nothing twice")
  func send() async throws {
    try await Cluster.run { cluster in
      let ann = try await TestClient("ann", in: cluster)
      let bob = try await TestClient("bob", in: cluster)
      try await cluster.withRoute { route in
        let request = CimV1.SendRequest(
          target: .userID(bob.user.id), content: CimV1.Content(kind: .text("hi")), idempotencyKey: "k1")
        let first = try await route.send(request, options: bearer(ann.token))
        #expect(first.conversation == ann.conversation(with: bob))
        #expect(first.accepted?.duplicate == false)
        let second = try await route.send(request, options: bearer(ann.token))
        #expect(second.accepted?.duplicate == true)
        #expect(second.accepted?.position == first.accepted?.position)
        let message = try await bob.nextMessage()
        #expect(message.sender == ann.user && message.content?.kind == .text("hi"))

        let all = CimV1.SendRequest(
          target: .conversation("lobby"), content: CimV1.Content(kind: .text("all")))
        #expect(try await route.send(all, options: bearer(ann.token)).conversation == "lobby")
        let lobby = try await bob.next { frame -> CimV1.Message? in
          if case .message(let message) = frame, message.conversation == "lobby" { message } else { nil }
        }
        #expect(lobby.content?.kind == .text("all"))

        let history = try await route.history(
          CimV1.HistoryRequest(conversation: first.conversation), options: bearer(bob.token))
        #expect(history.messages.map(\.content?.kind) == [.text("hi")])
        #expect(!history.more)
      }
      await ann.leave()
      await bob.leave()
    }
  }

  @Test("A route that has not been told its servers accepts no messages and lists nobody")
  func serversUnknown() async throws {
    try await Cluster.run(servers: 0) {
      $0.registry = UnreachableRegistry()
    } _: { cluster in
      try await cluster.withRoute { route in
        let user = try await route.register(CimV1.RegisterRequest(name: "ann")).user
        let login = try await cluster.stores.logins.create(
          user: UserID(user?.id ?? 0), device: try DeviceID("d"))
        let options = bearer(login.token.text)
        let request = CimV1.SendRequest(
          target: .conversation("lobby"), content: CimV1.Content(kind: .text("x")))
        for status in [
          try await status { try await route.send(request, options: options) },
          try await status { try await route.onlineUsers(CimV1.OnlineUsersRequest(), options: options) },
        ] {
          #expect(status.code == .unavailable)
          #expect(status.message.contains("which servers there are"))
        }
        #expect(try await cluster.stores.log.tail(of: .lobby) == nil)
      }
    }
  }

  @Test("History comes in pages, newest first")
  func history() async throws {
    try await Cluster.run { cluster in
      let ann = try await TestClient("ann", in: cluster)
      for index in 1...5 { try await ann.post("\(index)", to: "lobby") }
      for _ in 1...5 { _ = try await ann.nextResult() }
      try await cluster.withRoute { route in
        var request = CimV1.HistoryRequest(conversation: "lobby", pageSize: 2)
        var pages: [[CimV1.Content.Kind?]] = []
        while true {
          let page = try await route.history(request, options: bearer(ann.token))
          pages.append(page.messages.map { $0.content?.kind })
          guard page.more else { break }
          request.before = page.messages.first?.position
        }
        #expect(pages == [[.text("4"), .text("5")], [.text("2"), .text("3")], [.text("1")]])
      }
      await ann.leave()
    }
  }

  @Test("History is read forward, too: from the beginning or after a place, and in one direction at a time")
  func historyForward() async throws {
    try await Cluster.run { cluster in
      let ann = try await TestClient("ann", in: cluster)
      for index in 1...5 { try await ann.post("\(index)", to: "lobby") }
      for _ in 1...5 { _ = try await ann.nextResult() }
      try await cluster.withRoute { route in
        var request = CimV1.HistoryRequest(
          conversation: "lobby", pageSize: 2, after: CimV1.LogPosition(epoch: 0, seq: 0))
        var pages: [[CimV1.Content.Kind?]] = []
        while pages.count < 9 {
          let page = try await route.history(request, options: bearer(ann.token))
          pages.append(page.messages.map { $0.content?.kind })
          request.after = page.messages.last?.position
          guard page.more else { break }
        }
        #expect(pages == [[.text("1"), .text("2")], [.text("3"), .text("4")], [.text("5")]])
        let end = try await route.history(request, options: bearer(ann.token))
        #expect(end.messages.isEmpty && !end.more)
        request.before = request.after
        let both = request
        let status = try await status { try await route.history(both, options: bearer(ann.token)) }
        #expect(status.code == .invalidArgument && status.message.contains("after"), "\(status)")
      }
      await ann.leave()
    }
  }

  @Test("Online users come in pages by ascending id, each once, with their names")
  func onlineUsers() async throws {
    try await Cluster.run(servers: 2) { cluster in
      var clients: [TestClient] = []
      for index in 0..<5 { clients.append(try await TestClient("u\(index)", in: cluster)) }
      try await cluster.withRoute { route in
        var request = CimV1.OnlineUsersRequest(pageSize: 2)
        var pages: [[String]] = []
        while true {
          let page = try await route.onlineUsers(request, options: bearer(clients[0].token))
          pages.append(page.users.map(\.name))
          guard !page.nextPageToken.isEmpty else { break }
          request.pageToken = page.nextPageToken
        }
        #expect(pages == [["u0", "u1"], ["u2", "u3"], ["u4"]])
      }
      for client in clients { await client.leave() }
    }
  }
}
