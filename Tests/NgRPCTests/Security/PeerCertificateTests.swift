import NIOSSL
import TestSupport
import Testing

@testable import NgRPC

@Suite("What a certificate says")
struct PeerCertificateTests {
  private func certificate(_ name: String) async throws -> PeerCertificate {
    let pem = try [UInt8](contentsOf: try await TestCertificates.shared.certificate(name))
    return PeerCertificate(try #require(try NIOSSLCertificate.fromPEMBytes(pem).first))
  }

  @Test("Its names are told by kind, addresses as one writes them")
  func names() async throws {
    #expect(
      try await certificate("server").names == [
        .dns("localhost"), .ipAddress("127.0.0.1"), .ipAddress("::1"),
      ])
    #expect(try await certificate("server").spiffeID == nil)
    #expect(try await certificate("client").spiffeID == "spiffe://test/client")
    #expect(try await certificate("ca").names == [])
  }

  @Test("Its time is in seconds since 1970, and reads as a date")
  func time() async throws {
    let expired = try await certificate("expired")
    #expect(expired.hasExpired)
    #expect(try await !certificate("server").hasExpired)
    #expect(expired.notValidBefore == 1_577_836_800)
    #expect(expired.notValidAfter == 1_609_459_200)
    #expect("\(expired)" == "localhost, 127.0.0.1, ::1, valid until 2021-01-01T00:00:00Z")
  }

  @Test("A wildcard stands for one whole label, the first; case does not matter")
  func hosts() async throws {
    let server = try await certificate("server")
    #expect(server.isFor(host: "LocalHost"))
    #expect(!server.isFor(host: "127.0.0.1"), "an address is no name")
    let elsewhere = try await certificate("elsewhere")
    for (host, isMatch) in [
      ("elsewhere.test", true), ("a.wild.elsewhere.test", true), ("A.Wild.Elsewhere.Test", true),
      ("wild.elsewhere.test", false), ("a.b.wild.elsewhere.test", false), (".wild.elsewhere.test", false),
      ("elsewhere", false), ("", false),
    ] {
      #expect(elsewhere.isFor(host: host) == isMatch, "\(host)")
    }
  }
}
