/// How messages are compressed: a "Message-Encoding" of "gRPC over HTTP2".
///
/// A call is compressed in each direction by itself, and each of its messages is or is not.
public struct CompressionAlgorithm: Sendable, Hashable, CustomStringConvertible {
  let rawValue: UInt8

  /// Not at all.
  public static let identity = CompressionAlgorithm(rawValue: 0)
  /// The zlib format: RFC 1950.
  public static let deflate = CompressionAlgorithm(rawValue: 1)
  /// The gzip format: RFC 1952. What every implementation of gRPC knows.
  public static let gzip = CompressionAlgorithm(rawValue: 2)

  /// All that are supported, as `grpc-accept-encoding` lists them.
  static let acceptedByUs = "identity,deflate,gzip"

  /// The name as it travels in `grpc-encoding`.
  public var name: String {
    switch self {
    case .gzip: "gzip"
    case .deflate: "deflate"
    default: "identity"
    }
  }

  public var description: String { name }

  /// - Parameter rawValue: of one of the above.
  init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The algorithm of that name; nil for one that is not supported.
  init?(name: some Sequence<UInt8>) {
    guard let known = [Self.gzip, .identity, .deflate].first(where: { name.elementsEqual($0.name.utf8) })
    else {
      return nil
    }
    self = known
  }
}

/// The algorithms that a peer takes: the header `grpc-accept-encoding`.
struct AcceptedEncodings: Sendable, Hashable {
  private var bits: UInt8 = 1

  /// What a peer takes that says nothing: `identity`.
  init() {}

  /// Reads the header; algorithms that are not known are left out.
  init(parsing value: UnsafeRawBufferPointer) {
    for name in value.split(separator: UInt8(ascii: ",")) {
      if let algorithm = CompressionAlgorithm(name: name.lazy.filter { $0 != UInt8(ascii: " ") }) {
        bits |= 1 << algorithm.rawValue
      }
    }
  }

  func contains(_ algorithm: CompressionAlgorithm) -> Bool { bits & 1 << algorithm.rawValue != 0 }
}
