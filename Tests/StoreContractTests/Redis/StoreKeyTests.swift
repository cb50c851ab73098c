import CIMCore
import Testing

@testable import CIMRedis

@Suite("Redis keys")
struct StoreKeyTests {
  @Test(
    "No name can break its hash tag or look like another key",
    arguments: [
      "}", "{", "{}", "a}:account{u:1", "u:1}:account", "%7D", "n:", " ", "爱", "\u{E9}",
      "e\u{301}", "ada", "Ada",
    ])
  func names(name: String) throws {
    let key = StoreKey.name(try UserName(name))
    #expect(key.hasPrefix("{n:") && key.hasSuffix("}"))
    #expect(key.dropFirst().dropLast().allSatisfy { !"{}".contains($0) })
    #expect(key.dropFirst(3).allSatisfy { $0 != ":" })
  }

  @Test("Different names have different keys")
  func injective() throws {
    let names = ["a b", "a%20b", "a+b", "A b", "a  b", "a%2520b", "\u{E9}", "e\u{301}"]
    #expect(Set(try names.map { StoreKey.name(try UserName($0)) }).count == names.count)
  }

  @Test("All of a user's delayed messages are in one shard, and no shard is out of reach")
  func delayed() throws {
    let shard = DelayedShard(of: UserID(23))
    #expect(shard.due == "{d:7}:due")
    #expect(shard.messages == "{d:7}:messages")
    #expect(shard.states == "{d:7}:states")
    #expect(shard.own(UserID(23)) == "{d:7}:of:23")
    #expect(shard.idempotencyKey(try IdempotencyKey("\0}:"), sender: UserID(23)) == "{d:7}:key:23:%00%7D%3A")
    for id in [0, 1, 15, 16, UInt64.max] { #expect(DelayedShard.all.contains(DelayedShard(of: UserID(id)))) }
  }

  @Test("Keys are those of the design")
  func format() throws {
    let user = UserID(7)
    #expect(StoreKey.name(try UserName("ada l.")) == "{n:ada%20l.}")
    #expect(StoreKey.account(user) == "{u:7}:account")
    #expect(StoreKey.logins(user) == "{u:7}:logins")
    #expect(StoreKey.sessions(user) == "{u:7}:sessions")
    #expect(StoreKey.dirty(user) == "{u:7}:dirty")
    #expect(StoreKey.reads(user) == "{u:7}:reads")
    #expect(StoreKey.contacts(user) == "{u:7}:contacts")
    #expect(StoreKey.blocked(user) == "{u:7}:blocked")
    #expect(StoreKey.blockers(UserPair(UserID(2), UserID(1))) == "{c:p:1:2}:blockers")
    #expect(StoreKey.online(.one) == "{s:server-1#a}:online")
    #expect(StoreKey.log(.adaAndBob) == "{c:p:1:2}:log")
    #expect(StoreKey.producer(.outbox, .lobby) == "{c:lobby}:producer:outbox-1")
    #expect(
      StoreKey.idempotencyKey(try IdempotencyKey("\0:"), sender: user, .friends)
        == "{c:g:friends}:key:7:%00%3A")
  }
}
