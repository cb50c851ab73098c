import CIMCore
import Testing

@Suite("Online users")
struct OnlineUsersTests {
  @Test("Pages go by ascending id over all servers, each user once", arguments: StoreForm.all)
  func paging(form: StoreForm) async throws {
    try await form.withStores { stores in
      // 1 to 25, in an order of their own, on alternating servers; every fifth is on both.
      for number in 1...25 {
        let user = UserID(UInt64((number * 7) % 26))
        let instance = number.isMultiple(of: 2) ? ServerInstance.one : .two
        _ = try await stores.sessions.open(user: user, device: .phone, on: instance, loginGeneration: 1)
        if number.isMultiple(of: 5) {
          _ = try await stores.sessions.open(user: user, device: .laptop, on: .one, loginGeneration: 2)
          _ = try await stores.sessions.open(
            user: user, device: DeviceID("tablet"), on: .two, loginGeneration: 3)
        }
      }
      var pages: [[UserID]] = []
      repeat {
        pages.append(
          try await stores.sessions.onlineUsers(on: [.one, .two], after: pages.last?.last, limit: 10))
      } while pages.last?.isEmpty == false
      #expect(pages.map(\.count) == [10, 10, 5, 0])
      #expect(pages.flatMap { $0 } == (1...25).map { UserID($0) })
    }
  }

  @Test("Many devices of one user do not push others off the page", arguments: StoreForm.all)
  func manyDevices(form: StoreForm) async throws {
    try await form.withStores { stores in
      for device in 1...12 {
        _ = try await stores.sessions.open(
          user: UserID(1), device: DeviceID("d\(device)"), on: .one, loginGeneration: 1)
      }
      for user in 2...4 {
        _ = try await stores.sessions.open(
          user: UserID(UInt64(user)), device: .phone, on: .one, loginGeneration: 1)
      }
      #expect(
        try await stores.sessions.onlineUsers(on: [.one], after: nil, limit: 3) == [
          UserID(1), UserID(2), UserID(3),
        ])
    }
  }

  @Test("Who is on a server that is not asked for is not listed", arguments: StoreForm.all)
  func deadServers(form: StoreForm) async throws {
    try await form.withStores { stores in
      _ = try await stores.sessions.open(user: UserID(1), device: .phone, on: .one, loginGeneration: 1)
      _ = try await stores.sessions.open(
        user: UserID(2), device: .phone, on: .oneReturned, loginGeneration: 1)
      #expect(
        try await stores.sessions.onlineUsers(on: [.oneReturned, .two], after: nil, limit: 10) == [UserID(2)])
      #expect(try await stores.sessions.onlineUsers(on: [], after: nil, limit: 10).isEmpty)
    }
  }

  @Test("A user stays listed until the last of its devices on the server is gone", arguments: StoreForm.all)
  func lastDevice(form: StoreForm) async throws {
    try await form.withStores { stores in
      let user = UserID(1)
      let phone = try await stores.sessions.open(user: user, device: .phone, on: .one, loginGeneration: 1)
        .session
      let laptop = try await stores.sessions.open(user: user, device: .laptop, on: .one, loginGeneration: 2)
        .session
      #expect(try await stores.sessions.close(user: user, device: .phone, epoch: phone.epoch))
      #expect(try await stores.sessions.onlineUsers(on: [.one], after: nil, limit: 10) == [user])
      #expect(try await stores.sessions.close(user: user, device: .laptop, epoch: laptop.epoch))
      #expect(try await stores.sessions.onlineUsers(on: [.one], after: nil, limit: 10).isEmpty)
    }
  }
}
