import CNghttp2
import NIOCore

/// One nghttp2 session: bytes in, events out; frames in, bytes out. Knows no sockets.
///
/// Belongs to one event loop. This file and its extension are the only places that hold pointers of nghttp2.
/// nghttp2's callbacks only note what happened; whoever calls ``receive(_:)`` looks at ``events`` when it has returned.
///
/// `@exclusivity(unchecked)`: all of it is touched on one event loop, and no access spans a call of other code; the checks would
/// take a tenth of what a message takes.
final class NgHTTP2Session {
  enum Role { case server, client }

  /// Something that has come.
  enum Event {
    /// A client opened a stream.
    case request(HTTP2Stream, HeaderBlock, endStream: Bool)
    /// A response's head, or trailers.
    case headers(HTTP2Stream, HeaderBlock, endStream: Bool)
    /// Bytes, within those given to ``NgHTTP2Session/receive(_:)``.
    case data(HTTP2Stream, UnsafeRawBufferPointer)
    case endStream(HTTP2Stream)
    case closed(HTTP2Stream, HTTP2ErrorCode)
    case settings
    case goAway(lastStreamID: Int32, HTTP2ErrorCode, debugData: String)
    /// The peer asks for an answer, which nghttp2 gives.
    case ping
    /// Another ``Limits/maxIdleFrames`` frames that move nothing have come.
    case manyIdleFrames
    case pingAck(UInt64)
  }

  struct Limits {
    /// What each stream may have under way towards us, in bytes.
    var streamWindow: Int32
    /// What all streams together may have under way towards us, in bytes.
    var connectionWindow: Int32
    var maxConcurrentStreams: UInt32
    /// Names, values and 32 for each field.
    var maxHeaderListSize: UInt32
    var maxHeaderFields = Int.max
    /// After so many frames that move nothing the peer is looked at; at least 1.
    var maxIdleFrames = UInt32.max
    /// How many bytes may wait for the peer's windows before new ones are not wanted.
    var maxOutboundBytes = Int.max
    var options = NgHTTP2Options.standard
  }

  /// Less than this is not worth a word with nghttp2, in bytes: it says nothing to the peer before half a window is there.
  private static let returnSize = 4096

  let role: Role
  let limits: Limits
  /// What has come and was not looked at.
  @exclusivity(unchecked) var events: [Event] = []
  /// Where ``produceOutput(limit:)`` collects.
  @exclusivity(unchecked) var output = ByteBuffer()
  /// The streams that are open, by id.
  private(set) var streams: [Int32: HTTP2Stream] = [:]
  /// Streams whose outbound buffer fell under the low mark after it was full.
  @exclusivity(unchecked) var drained: [HTTP2Stream] = []
  /// The last that nghttp2 said of the peer's mistakes.
  var lastError: String?
  /// The block that is being decoded; of these there is one at a time on a connection.
  var headers: HeaderBlock?
  /// How many blocks of headers have begun to come.
  var headerBlocks: UInt32 = 0
  /// The stream whose block of headers has begun and whose end has not come; 0 when there is none.
  var headersStreamID: Int32 = 0
  /// How many HEADERS and DATA frames were sent. Wraps around.
  @exclusivity(unchecked) var framesSent: UInt32 = 0
  /// A GOAWAY with an error was sent: nothing that comes after it counts.
  var isTerminated = false
  /// A server's.
  @exclusivity(unchecked) var closedStreams = ClosedStreams()
  /// The payload of a PING that follows the next GOAWAY.
  var pingAfterGoAway: UInt64?
  /// A GOAWAY with an error is to be sent.
  private(set) var isRefused = false
  /// How many frames that move nothing have come, less what is explained by those that were sent.
  @exclusivity(unchecked) var idleFrames: UInt32 = 0
  /// What waits in all streams' outbound buffers.
  @exclusivity(unchecked) private(set) var outboundBytes = 0
  /// What was sent in DATA frames.
  @exclusivity(unchecked) var dataBytesSent: UInt64 = 0
  /// What came and was not given back to the peer as the connection's window.
  var heldBackBytes = 0
  /// Whether the peer gets no more window for the connection.
  @exclusivity(unchecked) private(set) var isWindowHeldBack = false

  var session: OpaquePointer!
  let buffers: EventLoopBuffers?
  /// At so many bytes ``output`` is enough for now.
  private(set) var outputLimit = 0

  /// - Parameter buffers: shared with the other sessions of an event loop.
  init(role: Role, limits: Limits, buffers: EventLoopBuffers? = nil) {
    self.role = role
    self.limits = limits
    self.buffers = buffers
    session = Self.makeSession(
      role: role, options: limits.options, owner: self,
      frameBuffer: role == .server ? buffers?.frameBuffer : nil)
    var settings = [
      nghttp2_settings_entry(
        settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue), value: UInt32(limits.streamWindow)),
      nghttp2_settings_entry(
        settings_id: Int32(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE.rawValue), value: limits.maxHeaderListSize),
    ]
    switch role {
    case .server:
      settings.append(
        nghttp2_settings_entry(
          settings_id: Int32(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS.rawValue),
          value: limits.maxConcurrentStreams))
    case .client:
      settings.append(
        nghttp2_settings_entry(settings_id: Int32(NGHTTP2_SETTINGS_ENABLE_PUSH.rawValue), value: 0))
    }
    nghttp2_submit_settings(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), settings, settings.count)
    nghttp2_session_set_local_window_size(
      session, UInt8(NGHTTP2_FLAG_NONE.rawValue), 0, limits.connectionWindow)
  }

  deinit { nghttp2_session_del(session) }

  /// Whether nothing is left to be read or written: the connection can be closed.
  var isFinished: Bool {
    isTerminated || nghttp2_session_want_read(session) == 0 && nghttp2_session_want_write(session) == 0
  }

  // MARK: Receiving

  /// Takes bytes from the peer; what they meant is in ``events`` afterwards.
  ///
  /// - Throws: when the session can't go on, such as after a bad connection preface.
  func receive(_ bytes: UnsafeRawBufferPointer) throws(RPCError) {
    borrowEvents()
    let count = nghttp2_session_mem_recv(
      session, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count)
    guard count >= 0 else {
      throw RPCError(
        code: count == Int(NGHTTP2_ERR_FLOODED.rawValue) ? .resourceExhausted : .internalError,
        message: "HTTP/2 can't go on: \(String(cString: nghttp2_strerror(Int32(count)))).")
    }
  }

  /// Memory for ``events``, where there is none.
  private func borrowEvents() {
    if events.capacity == 0, let buffers { swap(&events, &buffers.events) }
  }

  /// Forgets the ``events``, which were looked at, and lets their memory go to other sessions.
  func removeAllEvents() {
    events.removeAll(keepingCapacity: true)
    if let buffers, buffers.events.capacity == 0, events.capacity <= EventLoopBuffers.keptEvents {
      swap(&events, &buffers.events)
    } else {
      events = []
    }
  }

  /// Gives a stream's bytes back to the peer as window.
  func consume(_ count: Int, of stream: HTTP2Stream) {
    stream.unreturnedBytes += count
    guard stream.unreturnedBytes >= Self.returnSize, stream.id != 0 else { return }
    nghttp2_session_consume_stream(session, stream.id, stream.unreturnedBytes)
    stream.unreturnedBytes = 0
  }

  /// Gives the peer no more window for the connection.
  func holdBackWindow() { isWindowHeldBack = true }

  /// Gives the peer window for the connection again, also for what came meanwhile.
  func releaseWindow() {
    isWindowHeldBack = false
    nghttp2_session_consume_connection(session, heldBackBytes)
    heldBackBytes = 0
  }

  // MARK: Sending

  /// Counts what waits in the stream's outbound buffer, which has changed.
  func account(_ stream: HTTP2Stream) {
    let pending = stream.pendingBytes
    outboundBytes += pending - stream.accountedBytes
    stream.accountedBytes = pending
  }

  /// Whether more frames wait to be sent than what the streams are for explains: answers to what the peer does wrong.
  var isFlooded: Bool {
    nghttp2_session_get_outbound_queue_size(session) > 4 * streams.count + Self.maxWaitingFrames
  }
  private static let maxWaitingFrames = 4096

  /// Whether more waits for the peer's windows than is wanted.
  var isOutboundOverfull: Bool { outboundBytes > limits.maxOutboundBytes }

  /// Appends to ``output`` what is to be sent, until `limit` bytes are there or nothing is left.
  ///
  /// - Returns: whether something may be left.
  func produceOutput(limit: Int) throws(RPCError) -> Bool {
    outputLimit = limit
    borrowEvents()
    while output.readableBytes < limit {
      var bytes: UnsafePointer<UInt8>?
      let count = nghttp2_session_mem_send(session, &bytes)
      if count == 0 { break }
      guard count > 0, let bytes else {
        throw RPCError(
          code: .internalError,
          message: "HTTP/2 can't go on: \(String(cString: nghttp2_strerror(Int32(count)))).")
      }
      output.writeBytes(UnsafeRawBufferPointer(start: bytes, count: count))
    }
    return output.readableBytes >= limit
  }

  /// Opens a stream with a request.
  func submitRequest(_ stream: HTTP2Stream, _ headers: HeaderList) -> Bool {
    var provider = dataProvider(for: stream)
    let id = headers.withFields {
      nghttp2_submit_request(session, nil, $0, $1, &provider, Self.opaque(stream))
    }
    guard id > 0 else { return false }
    stream.id = id
    streams[id] = stream
    return true
  }

  /// Sends the usual response head; messages follow.
  func submitResponseHead(_ stream: HTTP2Stream) {
    var provider = dataProvider(for: stream)
    let fields = StaticFields.responseHead
    nghttp2_submit_response(session, stream.id, fields.fields, fields.count, &provider)
  }

  /// Sends a response head; messages follow.
  func submitResponseHead(_ stream: HTTP2Stream, _ headers: HeaderList) {
    var provider = dataProvider(for: stream)
    _ = headers.withFields { nghttp2_submit_response(session, stream.id, $0, $1, &provider) }
  }

  /// Sends a response that is one block of headers.
  func submitTrailersOnly(_ stream: HTTP2Stream, _ headers: HeaderList) {
    stream.end = .sent
    _ = headers.withFields { nghttp2_submit_response(session, stream.id, $0, $1, nil) }
  }

  /// Sends trailers at once. Unlike what follows from ``resume(_:)`` they do not wait for the stream's window.
  ///
  /// Only when nothing waits in the outbound buffer.
  func submitTrailers(_ stream: HTTP2Stream, _ trailers: HeaderList) {
    stream.end = .sent
    _ = trailers.withFields { nghttp2_submit_trailer(session, stream.id, $0, $1) }
  }

  /// Sends what waits in the stream's outbound buffer, or its end.
  func resume(_ stream: HTTP2Stream) {
    guard stream.isDeferred, stream.id != 0 else { return }
    stream.isDeferred = false
    nghttp2_session_resume_data(session, stream.id)
  }

  /// Ends a stream at once; does nothing when it has ended.
  func reset(_ stream: HTTP2Stream, _ code: HTTP2ErrorCode) {
    guard streams[stream.id] === stream else { return }
    nghttp2_submit_rst_stream(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream.id, code.rawValue)
  }

  /// How many streams the peer lets this side have open: 100 until it has said so, and then, if it says nothing, any
  /// number.
  var peerMaxConcurrentStreams: Int {
    Int(nghttp2_session_get_remote_settings(session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS))
  }

  /// Asks the peer for an answer; its ``Event/pingAck(_:)`` has the same payload.
  func submitPing(_ payload: UInt64) {
    withUnsafeBytes(of: payload.bigEndian) { bytes in
      _ = nghttp2_submit_ping(
        session, UInt8(NGHTTP2_FLAG_NONE.rawValue), bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
    }
  }

  /// GOAWAY that refuses nothing yet, and then a PING: the first half of a graceful end.
  func submitShutdownNotice(ping payload: UInt64) {
    nghttp2_submit_shutdown_notice(session)
    // A PING that is submitted now would overtake the GOAWAY.
    pingAfterGoAway = payload
  }

  /// GOAWAY with the last stream that was taken: no more are.
  func submitGoAway(_ code: HTTP2ErrorCode, debugData: StaticString = "") {
    isRefused = isRefused || code != .noError
    let last = nghttp2_session_get_last_proc_stream_id(session)
    nghttp2_submit_goaway(
      session, UInt8(NGHTTP2_FLAG_NONE.rawValue), last, code.rawValue, debugData.utf8Start,
      debugData.utf8CodeUnitCount)
  }

  /// GOAWAY, then nothing more.
  func terminate(_ code: HTTP2ErrorCode) {
    nghttp2_session_terminate_session(session, code.rawValue)
  }

  // MARK: Streams

  func opened(_ stream: HTTP2Stream) { streams[stream.id] = stream }

  func forget(_ id: Int32) -> HTTP2Stream? {
    guard let stream = streams.removeValue(forKey: id) else { return nil }
    outboundBytes -= stream.accountedBytes
    stream.accountedBytes = 0
    return stream
  }

  /// The connection is gone: all streams, which are forgotten here.
  func removeAllStreams() -> [HTTP2Stream] {
    defer { streams = [:] }
    return Array(streams.values)
  }
}
