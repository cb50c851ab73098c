import Testing

@testable import NgRPC

@Suite("What a peer says that it can inflate")
struct AcceptedEncodingsTests {
  @Test(
    "Algorithms are found among others, with and without spaces",
    arguments: [
      ("", []), ("gzip", [.gzip]), ("identity, deflate, gzip", [.deflate, .gzip]),
      ("identity,deflate,gzip", [.deflate, .gzip]), (" gzip ,, snappy", [.gzip]), ("x-gzip,zstd", []),
      (",", []), ("gzipp,gzi", []), ("deflate , ", [.deflate]),
    ] as [(String, [CompressionAlgorithm])])
  func parsing(header: String, algorithms: [CompressionAlgorithm]) {
    var accepted = AcceptedEncodings()
    Array(header.utf8).withUnsafeBytes { accepted.add(parsing: $0) }
    #expect([.deflate, .gzip].filter(accepted.contains) == algorithms)
    // Whoever says nothing takes what is not compressed, and nobody can refuse it.
    #expect(accepted.contains(.identity))
  }

  @Test("A field that comes again adds to the list, as RFC 9110 has it (section 5.3)")
  func fields() {
    var accepted = AcceptedEncodings()
    for field in ["gzip", "identity,deflate"] {
      Array(field.utf8).withUnsafeBytes { accepted.add(parsing: $0) }
    }
    #expect(accepted.contains(.gzip))
    #expect(accepted.contains(.deflate))
  }
}
