import CIMCore
import Testing

@testable import CIMRoute

@Suite("The account cache")
struct AccountCacheTests {
  @Test("It keeps the latest, up to its capacity")
  func capacity() throws {
    var cache = AccountCache(capacity: 2)
    let accounts = try (1...3).map { Account(id: UserID($0), name: try UserName("u\($0)")) }
    for account in accounts { cache.insert(account) }
    cache.insert(accounts[2])
    #expect(cache.count == 2)
    #expect(cache[UserID(1)] == nil)
    #expect(cache[UserID(3)] == accounts[2])
  }
}
