import CIMCore
import Testing

@Suite("Account store")
struct AccountStoreTests {
  @Test("Ids are given in the order of registration, from 1", arguments: StoreForm.all)
  func ids(form: StoreForm) async throws {
    try await form.withStores { stores in
      for (number, name) in ["ada", "bob", "eve"].enumerated() {
        let (account, created) = try await stores.accounts.register(UserName(name))
        #expect(account == Account(id: UserID(UInt64(number) + 1), name: try UserName(name)))
        #expect(created)
      }
    }
  }

  @Test("A name that has an account gets it back", arguments: StoreForm.all)
  func existingName(form: StoreForm) async throws {
    try await form.withStores { stores in
      let first = try await stores.accounts.register(UserName("ada"))
      _ = try await stores.accounts.register(UserName("bob"))
      let again = try await stores.accounts.register(UserName("ada"))
      #expect(again.account == first.account)
      #expect(!again.created)
    }
  }

  @Test(
    "Of 50 registrations of one name at once, one creates the account and all get it",
    arguments: StoreForm.all)
  func race(form: StoreForm) async throws {
    try await form.withStores { stores in
      let answers = try await concurrently(50) { _ in try await stores.accounts.register(UserName("ada")) }
      #expect(answers.count { $0.created } == 1)
      #expect(Set(answers.map(\.account)).count == 1)
      let id = try #require(answers.first).account.id
      #expect(try await stores.accounts.account(id)?.name.rawValue == "ada")
    }
  }

  @Test("50 names registered at once get 50 ids", arguments: StoreForm.all)
  func distinctIDs(form: StoreForm) async throws {
    try await form.withStores { stores in
      let answers = try await concurrently(50) { try await stores.accounts.register(UserName("user \($0)")) }
      #expect(Set(answers.map(\.account.id)).count == 50)
      for (account, _) in answers {
        #expect(try await stores.accounts.account(named: account.name) == account)
      }
    }
  }

  @Test(
    "An account is found by id and by name, and nothing is found where there is none",
    arguments: StoreForm.all)
  func lookup(form: StoreForm) async throws {
    try await form.withStores { stores in
      let (ada, _) = try await stores.accounts.register(UserName("ada"))
      #expect(try await stores.accounts.account(ada.id) == ada)
      #expect(try await stores.accounts.account(named: UserName("ada")) == ada)
      for id in [0, 2, UInt64.max] {
        #expect(try await stores.accounts.account(UserID(id)) == nil)
      }
      #expect(try await stores.accounts.account(named: UserName("Ada")) == nil)
    }
  }

  @Test("Many accounts are looked up at once, those that don't exist are absent", arguments: StoreForm.all)
  func manyAccounts(form: StoreForm) async throws {
    try await form.withStores { stores in
      var expected: [UserID: Account] = [:]
      for name in ["ada", "bob", "eve"] {
        let (account, _) = try await stores.accounts.register(UserName(name))
        expected[account.id] = account
      }
      let ids = Array(expected.keys) + [UserID(77), try #require(expected.keys.first)]
      #expect(try await stores.accounts.accounts(ids) == expected)
      #expect(try await stores.accounts.accounts([]).isEmpty)
    }
  }

  @Test(
    "A name may look like anything, the store's own keys included, and comes back byte for byte",
    arguments: StoreForm.all)
  func oddNames(form: StoreForm) async throws {
    try await form.withStores { stores in
      // The last two look the same and are canonically equivalent, but are not the same bytes.
      let names = [
        "1", "u:1:account", "{u:1}:account", "{n:ada}", "*", "a b", "lobby", "爱达", "\u{E9}", "e\u{301}",
      ]
      for (number, name) in names.enumerated() {
        let (account, created) = try await stores.accounts.register(UserName(name))
        #expect(created, "\(name)")
        #expect(account.id == UserID(UInt64(number) + 1))
      }
      for (number, name) in names.enumerated() {
        let account = try await stores.accounts.account(UserID(UInt64(number) + 1))
        #expect(account?.name.rawValue.utf8.elementsEqual(name.utf8) == true)
      }
    }
  }

  @Test("A store that is there answers a ping", arguments: StoreForm.all)
  func ping(form: StoreForm) async throws {
    try await form.withStores { stores in
      try await stores.accounts.ping()
      try await stores.logins.ping()
      try await stores.sessions.ping()
      try await stores.log.ping()
    }
  }
}
