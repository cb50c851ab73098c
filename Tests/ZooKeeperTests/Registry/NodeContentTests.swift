import CIMCore
import Testing

@testable import CIMZooKeeper
import NgRPC

@Suite("Node content")
struct NodeContentTests {
  private let record = ServerRecord(
    instance: ServerInstance("server-1#9f86")!, clientEndpoint: Endpoint(host: "10.0.0.7", port: 9_000),
    pushEndpoint: Endpoint(host: "::1", port: 9_001), version: "1.0.0")

  @Test("A server's node reads as documented")
  func server() {
    #expect(
      String(decoding: NodeContent(.server(record)).json, as: UTF8.self) == """
        {"client":{"host":"10.0.0.7","port":9000},"draining":false,"incarnation":"9f86",\
        "push":{"host":"::1","port":9001},"version":"1.0.0"}
        """)
  }

  @Test("A server's record survives its way through the node", arguments: [true, false])
  func roundTrip(isDraining: Bool) throws {
    let record = record.with(isDraining: isDraining)
    #expect(try ServerRecord(node: "server-1", json: NodeContent(.server(record)).json) == record)
  }

  @Test("What a newer version adds is ignored, and what an older one lacks is filled in")
  func otherVersions() throws {
    let json = """
      {"incarnation":"9f86","client":{"host":"10.0.0.7","port":9000,"zone":"a"},"push":{"host":"::1","port":9001},
       "version":"1.0.0","load":[1,2]}
      """
    #expect(try ServerRecord(node: "server-1", json: Array(json.utf8)) == record)
  }

  @Test(
    "What no server writes is refused",
    arguments: [
      ("server-1", ""), ("server-1", "null"), ("server-1", "{}"), ("server-1", "\u{0}"),
      ("server-1", #"{"incarnation":"9f86","client":{"host":"a","port":1},"version":"1"}"#),
      (
        "server-1",
        #"{"incarnation":"not a word","client":{"host":"a","port":1},"push":{"host":"a","port":1},"version":"1"}"#
      ),
      (
        "not#an#id",
        #"{"incarnation":"9f86","client":{"host":"a","port":1},"push":{"host":"a","port":1},"version":"1"}"#
      ),
    ])
  func garbage(name: String, json: String) {
    #expect(throws: (any Error).self) { try ServerRecord(node: name, json: Array(json.utf8)) }
  }
}
