import NgRPC
import Testing

@Suite("Endpoints")
struct EndpointTests {
  @Test(
    "A text that is read is written the same",
    arguments: ["localhost:1", "127.0.0.1:65535", "[::1]:7400", "unix:/run/x.sock", "unix:x.sock"])
  func roundTrip(text: String) throws {
    #expect(try Endpoint(parsing: text).description == text)
  }

  @Test("Both forms of a socket's path are read")
  func unix() throws {
    let endpoint = try Endpoint(parsing: "unix:///run/x.sock")
    #expect(endpoint == .unixDomainSocket("/run/x.sock"))
    #expect(endpoint.unixDomainSocketPath == "/run/x.sock")
    #expect(Endpoint(host: "a", port: 1).unixDomainSocketPath == nil)
  }

  @Test(
    "What is no endpoint is refused with a reason",
    arguments: ["", "host", "host:0", "::1:80", ":1", "unix:"])
  func refused(text: String) {
    #expect(throws: InvalidEndpoint.self) { try Endpoint(parsing: text) }
  }
}
