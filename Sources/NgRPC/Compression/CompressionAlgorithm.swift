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
  init?(name: UnsafeRawBufferPointer) {
    if name.equals("gzip") {
      self = .gzip
    } else if name.equals("identity") {
      self = .identity
    } else if name.equals("deflate") {
      self = .deflate
    } else {
      return nil
    }
  }
}

/// The algorithms that a peer takes: the header `grpc-accept-encoding`.
struct AcceptedEncodings: Sendable, Hashable {
  private var bits: UInt8 = 1

  /// What a peer takes that says nothing: `identity`.
  init() {}

  /// Adds what one such field lists; algorithms that are not known are left out.
  ///
  /// Every request of most clients has one, so this allocates nothing.
  mutating func add(parsing value: UnsafeRawBufferPointer) {
    var start = 0
    while start < value.count {
      var end = start
      while end < value.count, value[end] != UInt8(ascii: ",") { end += 1 }
      var last = end
      while start < last, value[start] == UInt8(ascii: " ") { start += 1 }
      while start < last, value[last - 1] == UInt8(ascii: " ") { last -= 1 }
      if let algorithm = CompressionAlgorithm(name: UnsafeRawBufferPointer(rebasing: value[start..<last])) {
        bits |= 1 << algorithm.rawValue
      }
      start = end + 1
    }
  }

  func contains(_ algorithm: CompressionAlgorithm) -> Bool { bits & 1 << algorithm.rawValue != 0 }
}
