import CNghttp2

/// What nghttp2 is asked for when a session is made; shared by the sessions of one server, or of all clients.
///
/// `@unchecked Sendable`: written in `init` only; nghttp2 copies it when a session is made.
final class NgHTTP2Options: @unchecked Sendable {
  static let standard = NgHTTP2Options()

  let pointer: OpaquePointer

  /// - Parameters:
  ///   - resetBurst: how many streams the peer may reset at once before the connection ends; a server's only.
  ///   - resetsPerSecond: how many more it may in each second.
  ///   - maxContinuations: how many CONTINUATION frames a block of headers may have.
  ///   - maxUnreadAnswers: how many ACKs of SETTINGS and PING may wait to be sent.
  init(
    resetBurst: Int = 1000, resetsPerSecond: Int = 33, maxContinuations: Int = 8, maxUnreadAnswers: Int = 1000
  ) {
    var options: OpaquePointer?
    guard nghttp2_option_new(&options) == 0, let options else {
      fatalError("nghttp2 could not allocate its options")
    }
    pointer = options
    // Windows are given back as messages are taken, and closed streams would be kept for priorities nobody uses.
    nghttp2_option_set_no_auto_window_update(options, 1)
    nghttp2_option_set_no_closed_streams(options, 1)
    // Spaces around a value are stripped, as "gRPC over HTTP2" has it, rather than the stream reset without a word.
    nghttp2_option_set_no_rfc9113_leading_and_trailing_ws_validation(options, 1)
    nghttp2_option_set_stream_reset_rate_limit(
      options, UInt64(clamping: resetBurst), UInt64(clamping: resetsPerSecond))
    nghttp2_option_set_max_continuations(options, Int(clamping: max(0, maxContinuations)))
    nghttp2_option_set_max_outbound_ack(options, Int(clamping: max(1, maxUnreadAnswers)))
  }

  deinit { nghttp2_option_del(pointer) }
}
