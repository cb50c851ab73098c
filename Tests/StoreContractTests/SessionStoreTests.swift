import CIMCore
import Testing

@Suite("Session store")
struct SessionStoreTests {
  private let ada = Account.ada.id
  private let bob = Account.bob.id

  @Test("An opened session is found, with all that it was opened with", arguments: StoreForm.all)
  func open(form: StoreForm) async throws {
    try await form.withStores { stores in
      let opened = try await stores.sessions.open(user: ada, device: .phone, on: .one, loginGeneration: 3)
      #expect(opened.replaced == nil)
      #expect(opened.session.user == ada)
      #expect(opened.session.device == .phone)
      #expect(opened.session.instance == .one)
      #expect(opened.session.loginGeneration == 3)
      #expect(try await stores.sessions.sessions(of: [ada]) == [ada: [opened.session]])
    }
  }

  @Test(
    "An epoch is the store's time or greater, and greater than the device's last", arguments: StoreForm.all)
  func epochs(form: StoreForm) async throws {
    try await form.withStores { stores in
      // Far more openings than milliseconds pass.
      let now = Timestamp.now().milliseconds
      var last = SessionEpoch(now - 1)
      for _ in 0..<50 {
        let opened = try await stores.sessions.open(user: ada, device: .phone, on: .one, loginGeneration: 1)
        #expect(opened.session.epoch > last)
        last = opened.session.epoch
      }
      #expect(last < SessionEpoch(now + 60_000))
    }
  }

  @Test("A device that connects again takes the place of its session and names it", arguments: StoreForm.all)
  func replacement(form: StoreForm) async throws {
    try await form.withStores { stores in
      let first = try await stores.sessions.open(user: ada, device: .phone, on: .one, loginGeneration: 1)
        .session
      let laptop = try await stores.sessions.open(user: ada, device: .laptop, on: .one, loginGeneration: 2)
        .session
      let second = try await stores.sessions.open(user: ada, device: .phone, on: .two, loginGeneration: 3)
      #expect(second.replaced == first)
      #expect(try await stores.sessions.sessions(of: [ada]) == [ada: [laptop, second.session]])
    }
  }

  @Test("A session is closed once", arguments: StoreForm.all)
  func close(form: StoreForm) async throws {
    try await form.withStores { stores in
      let session = try await stores.sessions.open(user: ada, device: .phone, on: .one, loginGeneration: 1)
        .session
      #expect(try await stores.sessions.close(user: ada, device: .phone, epoch: session.epoch))
      #expect(try await !stores.sessions.close(user: ada, device: .phone, epoch: session.epoch))
      #expect(try await stores.sessions.sessions(of: [ada]).isEmpty)
      #expect(try await stores.sessions.onlineUsers(on: [.one], after: nil, limit: 10).isEmpty)
    }
  }

  @Test("Closing touches neither another device nor another user", arguments: StoreForm.all)
  func closeOthers(form: StoreForm) async throws {
    try await form.withStores { stores in
      let phone = try await stores.sessions.open(user: ada, device: .phone, on: .one, loginGeneration: 1)
        .session
      #expect(try await !stores.sessions.close(user: ada, device: .laptop, epoch: phone.epoch))
      #expect(try await !stores.sessions.close(user: bob, device: .phone, epoch: phone.epoch))
      #expect(try await stores.sessions.sessions(of: [ada, bob]) == [ada: [phone]])
    }
  }

  @Test("A late close of an old connection removes nothing of the newer one", arguments: StoreForm.all)
  func fencing(form: StoreForm) async throws {
    try await form.withStores { stores in
      let old = try await stores.sessions.open(user: ada, device: .phone, on: .one, loginGeneration: 1)
        .session
      let new = try await stores.sessions.open(user: ada, device: .phone, on: .one, loginGeneration: 1)
        .session
      #expect(try await !stores.sessions.close(user: ada, device: .phone, epoch: old.epoch))
      #expect(try await stores.sessions.sessions(of: [ada]) == [ada: [new]])
      #expect(try await stores.sessions.onlineUsers(on: [.one], after: nil, limit: 10) == [ada])
    }
  }

  @Test("A user whose only device moved is online on the new server alone", arguments: StoreForm.all)
  func moved(form: StoreForm) async throws {
    try await form.withStores { stores in
      let old = try await stores.sessions.open(user: ada, device: .phone, on: .one, loginGeneration: 1)
        .session
      _ = try await stores.sessions.open(user: ada, device: .phone, on: .two, loginGeneration: 1)
      #expect(try await !stores.sessions.close(user: ada, device: .phone, epoch: old.epoch))
      #expect(try await stores.sessions.onlineUsers(on: [.one], after: nil, limit: 10).isEmpty)
      #expect(try await stores.sessions.onlineUsers(on: [.two], after: nil, limit: 10) == [ada])
    }
  }

  @Test(
    "Of 30 connections of one device at once, the greatest epoch stands and the index agrees",
    arguments: StoreForm.all)
  func race(form: StoreForm) async throws {
    try await form.withStores { stores in
      let ada = ada
      let opened = try await concurrently(30) { index in
        try await stores.sessions.open(
          user: ada, device: .phone, on: index.isMultiple(of: 2) ? .one : .two, loginGeneration: 1)
      }
      let winner = try #require(opened.map(\.session).max { $0.epoch < $1.epoch })
      #expect(Set(opened.map(\.session.epoch)).count == 30)
      // Each was replaced by exactly one other, but the winner.
      #expect(Set(opened.compactMap(\.replaced)) == Set(opened.map(\.session)).subtracting([winner]))
      _ = try await concurrently(30) { index in
        let session = opened[index].session
        guard session != winner else { return false }
        return try await stores.sessions.close(user: ada, device: .phone, epoch: session.epoch)
      }
      #expect(try await stores.sessions.sessions(of: [ada]) == [ada: [winner]])
      let loser = winner.instance == .one ? ServerInstance.two : .one
      #expect(try await stores.sessions.onlineUsers(on: [winner.instance], after: nil, limit: 10) == [ada])
      #expect(try await stores.sessions.onlineUsers(on: [loser], after: nil, limit: 10).isEmpty)
    }
  }

  @Test(
    "Sessions of many users are looked up at once, by device; users without one are absent",
    arguments: StoreForm.all)
  func manyUsers(form: StoreForm) async throws {
    try await form.withStores { stores in
      let phone = try await stores.sessions.open(user: ada, device: .phone, on: .one, loginGeneration: 1)
        .session
      let laptop = try await stores.sessions.open(user: ada, device: .laptop, on: .two, loginGeneration: 2)
        .session
      let other = try await stores.sessions.open(user: bob, device: .phone, on: .two, loginGeneration: 1)
        .session
      let found = try await stores.sessions.sessions(of: [bob, UserID(3), ada])
      #expect(found == [ada: [laptop, phone], bob: [other]])
      #expect(try await stores.sessions.sessions(of: []).isEmpty)
    }
  }
}
