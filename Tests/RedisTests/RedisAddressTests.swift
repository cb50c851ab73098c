import Testing

@testable import Redis

@Suite("Redis address")
struct RedisAddressTests {
  @Test(
    "A URL is read into its parts",
    arguments: [
      ("redis://localhost", RedisAddress(host: "localhost")),
      ("redis://cache.example:7000/", RedisAddress(host: "cache.example", port: 7000)),
      ("redis://[::1]:7000/3", RedisAddress(host: "::1", port: 7000, database: 3)),
      ("redis://[fe80::1]", RedisAddress(host: "fe80::1")),
      ("redis://:secret@h", RedisAddress(host: "h", password: "secret")),
      ("redis://secret@h", RedisAddress(host: "h", password: "secret")),
      (
        "redis://me:p%40ss%3A/%2F@h:1/15",
        RedisAddress(host: "h", port: 1, user: "me", password: "p@ss://", database: 15)
      ),
      ("redis://me:a:b@c@h", RedisAddress(host: "h", user: "me", password: "a:b@c")),
    ])
  func valid(url: String, address: RedisAddress) throws {
    #expect(try RedisAddress(url: url) == address)
  }

  @Test(
    "A URL that is wrong says which part is",
    arguments: [
      ("localhost:6379", "begin with redis://"), ("rediss://h", "TLS"), ("redis://", "no host"),
      ("redis://:6379", "no host"), ("redis://h:0", "\"0\" is not a port"),
      ("redis://h:65536", "is not a port"),
      ("redis://h:x", "\"x\" is not a port"), ("redis://::1", "IPv6 address goes in brackets"),
      ("redis://[::1", "not closed"), ("redis://h/x", "\"x\" is not the number of a database"),
      ("redis://h/-1", "\"-1\""), ("redis://u:@h", "password before @ is empty"),
      ("redis://u:hush%2@h", "%"), ("redis://u:hush%ff@h", "UTF-8"), ("redis://h?x=1", "\"?\""),
    ])
  func invalid(url: String, problem: String) {
    let error = #expect(throws: RedisError.self) { try RedisAddress(url: url) }
    #expect(error?.code == .invalidAddress)
    #expect(error?.message.contains(problem) == true, "\(error?.message ?? "")")
    #expect(error?.message.contains("hush") == false)
  }

  @Test("A printed address shows no password")
  func description() throws {
    #expect("\(try RedisAddress(url: "redis://me:hush@[::1]:7000/2"))" == "redis://me:***@[::1]:7000/2")
    #expect("\(try RedisAddress(url: "redis://h"))" == "redis://h:6379")
  }
}
