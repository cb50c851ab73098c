#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif

/// The fields of one HEADERS block, sorted as they come: what gRPC gives a meaning, and the custom metadata.
///
/// One class serves requests, responses and trailers: the block is made while nghttp2 decodes it, and handed on.
final class HeaderBlock {
  private(set) var path = ""
  private(set) var isPost = false
  private(set) var status: Int?
  private(set) var isGRPC = false
  private(set) var contentType: String?
  private(set) var timeout: GRPCTimeout?
  /// `grpc-encoding`.
  private(set) var encoding = CompressionAlgorithm.identity
  /// `grpc-encoding` when it names what is not supported.
  private(set) var unsupportedEncoding: String?
  /// `grpc-accept-encoding`.
  private(set) var acceptedEncodings = AcceptedEncodings()
  private(set) var grpcStatus: StatusCode?
  private(set) var grpcMessage: String?
  private(set) var metadata = Metadata()
  /// As HTTP/2 counts it: names, values and 32 for each field.
  private(set) var byteCount = 0
  private(set) var fieldCount = 0
  /// There was more than may be; it is not here.
  var isTooLarge = false
  /// The first field that is malformed, and how.
  private(set) var malformed: String?

  func add(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
    byteCount += name.count + value.count + 32
    fieldCount += 1
    switch name.count {
    case 2 where name.equals("te"): break
    case 5 where name.equals(":path"): path = String(decoding: value, as: UTF8.self)
    case 7 where name.equals(":method"): isPost = value.equals("POST")
    case 7 where name.equals(":status"): status = Int(String(decoding: value, as: UTF8.self))
    case 7 where name.equals(":scheme"): break
    case 10 where name.equals(":authority"): break
    case 12 where name.equals("content-type"): addContentType(value)
    case 12 where name.equals("grpc-timeout"):
      timeout = GRPCTimeout(parsing: value)
      if timeout == nil { malformed = malformed ?? "grpc-timeout" }
    case 13 where name.equals("grpc-encoding"):
      if let known = CompressionAlgorithm(name: value) {
        encoding = known
      } else {
        unsupportedEncoding = String(decoding: value, as: UTF8.self)
      }
    case 20 where name.equals("grpc-accept-encoding"):
      acceptedEncodings.add(parsing: value)
    case 11 where name.equals("grpc-status"):
      grpcStatus = UInt8(String(decoding: value, as: UTF8.self)).map(StatusCode.init(rawValue:)) ?? .unknown
    case 12 where name.equals("grpc-message"): grpcMessage = PercentEncoding.decode(value)
    case 14 where name.equals("content-length"): break
    default: addMetadata(name: name, value: value)
    }
  }

  private func addContentType(_ value: UnsafeRawBufferPointer) {
    let prefix = "application/grpc"
    if value.count == prefix.utf8.count, value.equals("application/grpc") {
      isGRPC = true
      return
    }
    let text = String(decoding: value, as: UTF8.self)
    contentType = text
    isGRPC = text.hasPrefix(prefix + "+") || text.hasPrefix(prefix + ";")
  }

  private func addMetadata(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
    let key = String(decoding: name, as: UTF8.self)
    guard key.hasSuffix("-bin") else {
      metadata.add(String(decoding: value.strippingBlanks, as: UTF8.self), for: key)
      return
    }
    // Several values may be joined by commas before they are encoded one by one.
    for part in value.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      if let bytes = Base64.decode(part.lazy.filter { $0 != UInt8(ascii: " ") }) {
        metadata.add(binary: bytes, for: key)
      } else {
        malformed = malformed ?? key
      }
    }
  }
}

extension UnsafeRawBufferPointer {
  /// Without spaces and tabs at either end.
  fileprivate var strippingBlanks: Slice<UnsafeRawBufferPointer> {
    func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
    guard let first = firstIndex(where: { !isBlank($0) }), let last = lastIndex(where: { !isBlank($0) })
    else { return self[0..<0] }
    return self[first...last]
  }

  /// Whether the bytes are those of `text`.
  @inline(__always)
  func equals(_ text: StaticString) -> Bool {
    guard count == text.utf8CodeUnitCount, let base = baseAddress else { return false }
    return memcmp(base, text.utf8Start, count) == 0
  }
}
