import CIMCore
import Testing

@Suite("Login store")
struct LoginStoreTests {
  @Test(
    "A token proves the login it was given for, also after it travelled as text", arguments: StoreForm.all)
  func token(form: StoreForm) async throws {
    try await form.withStores { stores in
      let login = try await stores.logins.create(user: Account.ada.id, device: .phone)
      #expect(login.user == Account.ada.id)
      #expect(login.device == .phone)
      let travelled = try #require(LoginToken(login.token.text))
      #expect(try await stores.logins.login(for: travelled) == login)
    }
  }

  @Test("A device that logs in again voids its earlier login, and no other", arguments: StoreForm.all)
  func replacement(form: StoreForm) async throws {
    try await form.withStores { stores in
      let first = try await stores.logins.create(user: Account.ada.id, device: .phone)
      let laptop = try await stores.logins.create(user: Account.ada.id, device: .laptop)
      let bob = try await stores.logins.create(user: Account.bob.id, device: .phone)
      let second = try await stores.logins.create(user: Account.ada.id, device: .phone)
      #expect(try await stores.logins.login(for: first.token) == nil)
      for login in [laptop, bob, second] {
        #expect(try await stores.logins.login(for: login.token) == login)
      }
    }
  }

  @Test(
    "Each login of a user has a greater generation than those before, on whichever device",
    arguments: StoreForm.all)
  func generations(form: StoreForm) async throws {
    try await form.withStores { stores in
      var last: UInt64 = 0
      for device in [DeviceID.phone, .laptop, .phone, .phone, .laptop] {
        let login = try await stores.logins.create(user: Account.ada.id, device: device)
        #expect(login.generation > last)
        last = login.generation
        if device == .laptop { _ = try await stores.logins.revoke(login.token) }
      }
    }
  }

  @Test("A made-up token proves nothing", arguments: StoreForm.all)
  func forgery(form: StoreForm) async throws {
    try await form.withStores { stores in
      let login = try await stores.logins.create(user: Account.ada.id, device: .phone)
      let secret = login.token.secretText
      let asBob = try #require(LoginToken("\(Account.bob.id).\(secret)"))
      #expect(try await stores.logins.login(for: asBob) == nil)
      #expect(try await stores.logins.login(for: .random(for: Account.ada.id)) == nil)
      #expect(try await stores.logins.revoke(.random(for: Account.ada.id)) == nil)
      #expect(try await stores.logins.login(for: login.token) == login)
    }
  }

  @Test("A revoked token proves nothing any more, and other logins stand", arguments: StoreForm.all)
  func revocation(form: StoreForm) async throws {
    try await form.withStores { stores in
      let phone = try await stores.logins.create(user: Account.ada.id, device: .phone)
      let laptop = try await stores.logins.create(user: Account.ada.id, device: .laptop)
      #expect(try await stores.logins.revoke(phone.token) == phone)
      #expect(try await stores.logins.login(for: phone.token) == nil)
      #expect(try await stores.logins.revoke(phone.token) == nil)
      #expect(try await stores.logins.login(for: laptop.token) == laptop)
    }
  }

  @Test("A user's logins are those that stand, by device, and nobody else's", arguments: StoreForm.all)
  func list(form: StoreForm) async throws {
    try await form.withStores { stores in
      #expect(try await stores.logins.logins(of: Account.ada.id) == [])
      _ = try await stores.logins.create(user: Account.ada.id, device: .phone)
      let laptop = try await stores.logins.create(
        user: Account.ada.id, device: .laptop, kind: try DeviceKind("desktop"))
      let phone = try await stores.logins.create(user: Account.ada.id, device: .phone)
      let bob = try await stores.logins.create(user: Account.bob.id, device: .phone)
      #expect(try await stores.logins.logins(of: Account.ada.id) == [laptop, phone])
      #expect(try await stores.logins.logins(of: Account.bob.id) == [bob])
      _ = try await stores.logins.revoke(laptop.token)
      #expect(try await stores.logins.logins(of: Account.ada.id) == [phone])
    }
  }

  @Test("The token that a device had before can't revoke its new login", arguments: StoreForm.all)
  func staleRevocation(form: StoreForm) async throws {
    try await form.withStores { stores in
      let first = try await stores.logins.create(user: Account.ada.id, device: .phone)
      let second = try await stores.logins.create(user: Account.ada.id, device: .phone)
      #expect(try await stores.logins.revoke(first.token) == nil)
      #expect(try await stores.logins.login(for: second.token) == second)
    }
  }

  @Test("Of 20 revocations of one token at once, one ends the login", arguments: StoreForm.all)
  func revocationRace(form: StoreForm) async throws {
    try await form.withStores { stores in
      let login = try await stores.logins.create(user: Account.ada.id, device: .phone)
      let ended = try await concurrently(20) { _ in try await stores.logins.revoke(login.token) }
      #expect(ended.compactMap { $0 } == [login])
    }
  }

  @Test(
    "Of 20 logins of one device at once, one stands: that of the greatest generation",
    arguments: StoreForm.all)
  func loginRace(form: StoreForm) async throws {
    try await form.withStores { stores in
      let logins = try await concurrently(20) { _ in
        try await stores.logins.create(user: Account.ada.id, device: .phone)
      }
      #expect(Set(logins.map(\.generation)).count == 20)
      var standing: [Login] = []
      for login in logins {
        if let login = try await stores.logins.login(for: login.token) { standing.append(login) }
      }
      #expect(standing == [logins.max { $0.generation < $1.generation }])
    }
  }
}
