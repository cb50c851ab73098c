import CIMCore
import Testing

@Suite("Login policies in the store")
struct LoginPolicyTests {
  private let ada = Account.ada.id

  /// Opens a session of ada's.
  private func open(
    _ stores: Stores, _ device: DeviceID, _ policy: LoginPolicy, kind: String = "", generation: UInt64 = 1,
    on instance: ServerInstance = .one, dead: Set<ServerInstance> = []
  ) async throws -> SessionOpening {
    try await stores.sessions.open(
      UserDevice(user: ada, device: device), kind: try DeviceKind(kind), loginGeneration: generation,
      on: instance, admission: Admission(policy, dead: dead))
  }

  private func opened(_ opening: SessionOpening) throws -> OpenedSession {
    guard case .opened(let opened) = opening else { throw NotOpened() }
    return opened
  }

  private struct NotOpened: Error {}

  private func online(_ stores: Stores) async throws -> [Session] {
    try await stores.sessions.sessions(of: [ada])[ada] ?? []
  }

  @Test("The same device takes its own place under every policy", arguments: StoreForm.all)
  func sameDevice(form: StoreForm) async throws {
    for policy in LoginPolicy.allCases {
      try await form.withStores { stores in
        let first = try opened(try await open(stores, .phone, policy, generation: 7)).session
        let second = try opened(try await open(stores, .phone, policy, generation: 7))
        #expect(second.replaced == first)
        #expect(second.displaced == [])
        #expect(try await online(stores) == [second.session])
      }
    }
  }

  @Test(
    "Under reject, another device is not let in while one is online, and nothing is written",
    arguments: StoreForm.all)
  func reject(form: StoreForm) async throws {
    try await form.withStores { stores in
      let phone = try opened(try await open(stores, .phone, .reject)).session
      let refused = try await open(stores, .laptop, .reject, generation: 2, on: .two)
      #expect(refused == .barred(by: [phone]))
      #expect(try await online(stores) == [phone])
      #expect(try await stores.sessions.onlineUsers(on: [.two], after: nil, limit: 10).isEmpty)
      #expect(try await stores.sessions.close(user: ada, device: .phone, epoch: phone.epoch))
      _ = try opened(try await open(stores, .laptop, .reject, generation: 2, on: .two))
    }
  }

  @Test("A session on a dead server stands in nobody's way", arguments: StoreForm.all)
  func dead(form: StoreForm) async throws {
    for policy in LoginPolicy.allCases {
      try await form.withStores { stores in
        _ = try await open(stores, .phone, policy, generation: 9)
        let laptop = try await open(stores, .laptop, policy, generation: 2, on: .two, dead: [.one])
        #expect(try opened(laptop).displaced == [])
        // Its server was alive all along: who was let in later stays, unless both may.
        let phone = try #require(try await online(stores).first { $0.device == .phone })
        let restated = try await stores.sessions.restate(phone, admission: Admission(policy))
        let barred = Restatement.barred(by: [try opened(laptop).session])
        #expect(restated == (policy == .all ? .stands : barred))
        // But if that other one's server is dead, it stands.
        #expect(
          try await stores.sessions.restate(phone, admission: Admission(policy, dead: [.two])) == .stands)
      }
    }
  }

  @Test(
    "Under replace, who logged in later has the place, and the older session is gone everywhere",
    arguments: StoreForm.all)
  func replace(form: StoreForm) async throws {
    try await form.withStores { stores in
      let phone = try opened(try await open(stores, .phone, .replace, kind: "mobile", generation: 1)).session
      let laptop = try opened(
        try await open(stores, .laptop, .replace, kind: "desktop", generation: 2, on: .two))
      #expect(laptop.displaced == [phone])
      #expect(laptop.session.epoch > phone.epoch)
      #expect(laptop.session.kind.rawValue == "desktop")
      #expect(try await online(stores) == [laptop.session])
      #expect(try await stores.sessions.onlineUsers(on: [.one], after: nil, limit: 10).isEmpty)
      #expect(try await stores.sessions.onlineUsers(on: [.two], after: nil, limit: 10) == [ada])
      // The older one can't come back by its token, nor by being stated again; by a new login it can.
      #expect(
        try await open(stores, .phone, .replace, generation: 1) == .barred(by: [laptop.session]))
      #expect(
        try await stores.sessions.restate(phone, admission: Admission(.replace))
          == .barred(by: [laptop.session]))
      let back = try opened(try await open(stores, .phone, .replace, generation: 3))
      #expect(back.displaced == [laptop.session])
      #expect(try await online(stores) == [back.session])
    }
  }

  @Test(
    "Under one-per-kind, devices of the same kind replace each other; none is a kind of its own",
    arguments: StoreForm.all)
  func onePerKind(form: StoreForm) async throws {
    try await form.withStores { stores in
      let kinds = ["mobile", "desktop", "", "mobile", ""]
      var sessions: [OpenedSession] = []
      for (index, kind) in kinds.enumerated() {
        sessions.append(
          try opened(
            try await open(
              stores, try DeviceID("d\(index)"), .onePerKind, kind: kind, generation: UInt64(index + 1))))
      }
      #expect(sessions.map(\.displaced) == [[], [], [], [sessions[0].session], [sessions[2].session]])
      let standing = [sessions[1], sessions[3], sessions[4]].map(\.session)
      #expect(try await online(stores) == standing)
      #expect(try await online(stores).map(\.kind.rawValue) == ["desktop", "mobile", ""])
      #expect(
        try await stores.sessions.restate(sessions[0].session, admission: Admission(.onePerKind))
          == .barred(by: [standing[1]]))
      for session in standing {
        #expect(try await stores.sessions.restate(session, admission: Admission(.onePerKind)) == .stands)
        let isClosed = try await stores.sessions.close(
          user: ada, device: session.device, epoch: session.epoch, on: .one)
        #expect(isClosed)
      }
      #expect(try await online(stores) == [])
    }
  }

  @Test("Under all, any number of devices is online", arguments: StoreForm.all)
  func all(form: StoreForm) async throws {
    try await form.withStores { stores in
      for number in 1...5 as ClosedRange<UInt64> {
        let opening = try await open(
          stores, try DeviceID("d\(number)"), .all, generation: 6 - number,
          on: number.isMultiple(of: 2) ? .one : .two)
        #expect(try opened(opening).displaced == [])
      }
      #expect(try await online(stores).count == 5)
      #expect(try await stores.sessions.onlineUsers(on: [.one, .two], after: nil, limit: 10) == [ada])
    }
  }

  @Test(
    "Of 20 devices that connect at once exactly one is online in the end, under reject and replace",
    arguments: StoreForm.all)
  func race(form: StoreForm) async throws {
    for policy in [LoginPolicy.reject, .replace] {
      try await form.withStores { stores in
        let openings = try await concurrently(20) { index in
          try await self.open(
            stores, try DeviceID("d\(index)"), policy, generation: UInt64(index + 1),
            on: index.isMultiple(of: 2) ? .one : .two)
        }
        let opened = openings.compactMap { opening -> OpenedSession? in
          if case .opened(let opened) = opening { opened } else { nil }
        }
        let standing = try await online(stores)
        #expect(standing.count == 1)
        let displaced = Set(opened.flatMap(\.displaced))
        #expect(Set(opened.map(\.session)).subtracting(displaced) == Set(standing))
        if policy == .replace {
          #expect(standing.first?.loginGeneration == 20)
        } else {
          #expect(displaced.isEmpty)
        }
        let listed = try await stores.sessions.onlineUsers(on: [.one, .two], after: nil, limit: 10)
        #expect(listed == [ada])
        let other = standing.first?.instance == .one ? ServerInstance.two : .one
        #expect(try await stores.sessions.onlineUsers(on: [other], after: nil, limit: 10).isEmpty)
      }
    }
  }

  @Test(
    "A login keeps its device's kind, and its generation is the store's time or greater",
    arguments: StoreForm.all)
  func logins(form: StoreForm) async throws {
    try await form.withStores { stores in
      let before = Timestamp.now().milliseconds
      let login = try await stores.logins.create(user: ada, device: .phone, kind: try DeviceKind("mobile"))
      #expect(login.kind.rawValue == "mobile")
      #expect(login.generation + 1000 > before)
      #expect(try await stores.logins.login(for: login.token) == login)
      #expect(try await stores.logins.revoke(login.token) == login)
      let plain = try await stores.logins.create(user: ada, device: .phone)
      #expect(plain.kind == .unnamed && plain.generation > login.generation)
      #expect(try await stores.logins.login(for: plain.token) == plain)
    }
  }
}
