/// Why a stream or a connection was ended: RFC 9113, section 7.
struct HTTP2ErrorCode: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
  var rawValue: UInt32

  static let noError = HTTP2ErrorCode(rawValue: 0x0)
  static let protocolError = HTTP2ErrorCode(rawValue: 0x1)
  static let internalError = HTTP2ErrorCode(rawValue: 0x2)
  static let streamClosed = HTTP2ErrorCode(rawValue: 0x5)
  static let refusedStream = HTTP2ErrorCode(rawValue: 0x7)
  static let cancel = HTTP2ErrorCode(rawValue: 0x8)
  static let enhanceYourCalm = HTTP2ErrorCode(rawValue: 0xb)
  static let inadequateSecurity = HTTP2ErrorCode(rawValue: 0xc)

  /// Whether a stream that is reset with this was so for what the peer has sent.
  var blamesPeer: Bool {
    switch rawValue {
    case 0x1, 0x3, 0x5, 0x6, 0x9: true
    default: false
    }
  }

  private static let names = [
    "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
    "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
  ]

  var description: String {
    Int(rawValue) < Self.names.count ? Self.names[Int(rawValue)] : "error \(rawValue)"
  }
}
