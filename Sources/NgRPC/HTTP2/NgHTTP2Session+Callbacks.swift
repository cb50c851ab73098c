import CNghttp2
import NIOCore

// nghttp2's side: sessions are made, and its callbacks note what happened.
extension NgHTTP2Session {
  /// - Parameter owner: handed to the callbacks unretained: the session is deleted in the owner's `deinit`.
  static func makeSession(
    role: Role, options: NgHTTP2Options, owner: NgHTTP2Session, frameBuffer: SharedFrameBuffer?
  ) -> OpaquePointer {
    var session: OpaquePointer?
    func make(_ allocator: UnsafeMutablePointer<nghttp2_mem>?) {
      let make = role == .server ? nghttp2_session_server_new3 : nghttp2_session_client_new3
      _ = make(
        &session, Prototype.shared.callbacks, Unmanaged.passUnretained(owner).toOpaque(),
        options.pointer, allocator)
    }
    if let frameBuffer { frameBuffer.offer(while: make) } else { make(nil) }
    guard let session else { fatalError("nghttp2 could not allocate a session") }
    return session
  }

  static func opaque(_ stream: HTTP2Stream) -> UnsafeMutableRawPointer {
    Unmanaged.passUnretained(stream).toOpaque()
  }

  /// Where nghttp2 asks for the stream's bytes. The stream outlives its place in nghttp2: ``streams`` holds it until
  /// it is closed there.
  func dataProvider(for stream: HTTP2Stream) -> nghttp2_data_provider {
    nghttp2_data_provider(
      source: nghttp2_data_source(ptr: Self.opaque(stream)),
      read_callback: { _, _, _, length, flags, source, user in
        guard let stream = source?.pointee.ptr, let flags else {
          return ssize_t(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)
        }
        return NgHTTP2Session.from(user).read(
          Unmanaged<HTTP2Stream>.fromOpaque(stream).takeUnretainedValue(), upTo: length, &flags.pointee)
      })
  }

  /// The callbacks, which all sessions share and nothing changes.
  ///
  /// `@unchecked Sendable`: nghttp2 copies them when a session is made; they are only read after `init`.
  private struct Prototype: @unchecked Sendable {
    static let shared = Prototype()
    let callbacks: OpaquePointer

    init() {
      var callbacks: OpaquePointer?
      guard nghttp2_session_callbacks_new(&callbacks) == 0, let callbacks else {
        fatalError("nghttp2 could not allocate its callbacks")
      }
      self.callbacks = callbacks
      nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks) { _, header, user in
        NgHTTP2Session.from(user).began(header!.pointee)
        return 0
      }
      nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { _, frame, user in
        NgHTTP2Session.from(user).beganHeaders(frame!.pointee)
      }
      nghttp2_session_callbacks_set_on_header_callback(callbacks) {
        _, _, name, nameLength, value, valueLength, _, user in
        NgHTTP2Session.from(user).receivedField(
          UnsafeRawBufferPointer(start: name, count: nameLength),
          UnsafeRawBufferPointer(start: value, count: valueLength))
      }
      nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, user in
        NgHTTP2Session.from(user).received(frame!.pointee)
        return 0
      }
      nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) { _, _, id, data, length, user in
        NgHTTP2Session.from(user).receivedData(id, UnsafeRawBufferPointer(start: data, count: length))
        return 0
      }
      nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, id, code, user in
        NgHTTP2Session.from(user).closed(id, HTTP2ErrorCode(rawValue: code))
        return 0
      }
      nghttp2_session_callbacks_set_on_frame_send_callback(callbacks) { _, frame, user in
        NgHTTP2Session.from(user).sent(frame!.pointee)
        return 0
      }
      nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks) { _, frame, code, user in
        NgHTTP2Session.from(user).couldNotSend(frame!.pointee, code)
        return 0
      }
      nghttp2_session_callbacks_set_send_data_callback(callbacks) { _, frame, header, length, source, user in
        guard let stream = source?.pointee.ptr, let header else {
          return Int32(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)
        }
        return NgHTTP2Session.from(user).write(
          Unmanaged<HTTP2Stream>.fromOpaque(stream).takeUnretainedValue(), header: header, length: length,
          padding: frame!.pointee.data.padlen)
      }
      nghttp2_session_callbacks_set_error_callback2(callbacks) { _, _, message, length, user in
        let text = UnsafeRawBufferPointer(start: message, count: length)
        NgHTTP2Session.from(user).lastError = String(decoding: text, as: UTF8.self)
        return 0
      }
    }
  }

  private static func from(_ user: UnsafeMutableRawPointer?) -> NgHTTP2Session {
    Unmanaged<NgHTTP2Session>.fromOpaque(user!).takeUnretainedValue()
  }

  private func stream(_ id: Int32) -> HTTP2Stream? {
    guard let pointer = nghttp2_session_get_stream_user_data(session, id) else { return nil }
    return Unmanaged<HTTP2Stream>.fromOpaque(pointer).takeUnretainedValue()
  }

  // MARK: Receiving

  /// HEADERS on a stream that is gone are seen here only.
  private func began(_ header: nghttp2_frame_hd) {
    guard role == .server, header.type == UInt8(NGHTTP2_HEADERS.rawValue), header.stream_id > 0 else {
      return
    }
    let isOpen = nghttp2_session_get_stream_user_data(session, header.stream_id) != nil
    if !closedStreams.receivesHeaders(header.stream_id, isOpen: isOpen) { terminate(.streamClosed) }
  }

  private func beganHeaders(_ frame: nghttp2_frame) -> Int32 {
    headers = HeaderBlock()
    headerBlocks &+= 1
    headersStreamID = frame.hd.stream_id
    if role == .server, frame.headers.cat == NGHTTP2_HCAT_REQUEST {
      let stream = HTTP2Stream()
      stream.id = frame.hd.stream_id
      opened(stream)
      closedStreams.opened(stream.id)
      nghttp2_session_set_stream_user_data(session, stream.id, Self.opaque(stream))
    }
    return 0
  }

  private func receivedField(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Int32 {
    guard let headers else { return 0 }
    // nghttp2 announces the limit and leaves its enforcement to us.
    guard headers.byteCount + name.count + value.count + 32 <= Int(limits.maxHeaderListSize),
      headers.fieldCount < limits.maxHeaderFields
    else {
      // A server answers the call with a reason; the rest of the block is decoded and let go.
      headers.isTooLarge = true
      return role == .server ? 0 : Int32(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
    }
    headers.add(name: name, value: value)
    return 0
  }

  private func received(_ frame: nghttp2_frame) {
    switch UInt32(frame.hd.type) {
    case NGHTTP2_HEADERS.rawValue:
      headersStreamID = 0
      guard let headers = headers.take(), let stream = stream(frame.hd.stream_id) else { return }
      let end = frame.hd.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
      stream.remoteEnded = end
      if frame.headers.cat == NGHTTP2_HCAT_REQUEST {
        events.append(.request(stream, headers, endStream: end))
      } else {
        events.append(.headers(stream, headers, endStream: end))
      }
    case NGHTTP2_DATA.rawValue:
      if frame.hd.length == 0 { countIdleFrame(unless: frame.hd.flags) }
      guard frame.hd.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0,
        let stream = stream(frame.hd.stream_id)
      else { return }
      stream.remoteEnded = true
      events.append(.endStream(stream))
    case NGHTTP2_SETTINGS.rawValue:
      countIdleFrame()
      if frame.hd.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) == 0 { events.append(.settings) }
    case NGHTTP2_PING.rawValue:
      countIdleFrame()
      guard frame.hd.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) != 0 else { return events.append(.ping) }
      let payload = withUnsafeBytes(of: frame.ping.opaque_data) { $0.loadUnaligned(as: UInt64.self) }
      events.append(.pingAck(UInt64(bigEndian: payload)))
    case NGHTTP2_GOAWAY.rawValue:
      let debug = UnsafeRawBufferPointer(start: frame.goaway.opaque_data, count: frame.goaway.opaque_data_len)
      events.append(
        .goAway(
          lastStreamID: frame.goaway.last_stream_id, HTTP2ErrorCode(rawValue: frame.goaway.error_code),
          debugData: String(decoding: debug, as: UTF8.self)))
    case NGHTTP2_PRIORITY.rawValue, NGHTTP2_WINDOW_UPDATE.rawValue: countIdleFrame()
    default: break
    }
  }

  /// - Parameter flags: END_STREAM makes a frame of use.
  private func countIdleFrame(unless flags: UInt8 = 0, as weight: UInt32 = 1) {
    guard flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) == 0 else { return }
    idleFrames += weight
    guard idleFrames >= limits.maxIdleFrames else { return }
    idleFrames = 0
    events.append(.manyIdleFrames)
  }

  private func receivedData(_ id: Int32, _ bytes: UnsafeRawBufferPointer) {
    // The connection's window is given back at once, as long as what all streams together hold is within bounds.
    if isWindowHeldBack {
      heldBackBytes += bytes.count
    } else {
      nghttp2_session_consume_connection(session, bytes.count)
    }
    if let stream = stream(id) { events.append(.data(stream, bytes)) }
  }

  private func closed(_ id: Int32, _ code: HTTP2ErrorCode) {
    // A malformed block ends with its stream.
    if headersStreamID == id { headersStreamID = 0 }
    if let stream = forget(id) { events.append(.closed(stream, code)) }
  }

  // MARK: Sending

  /// How many bytes the next DATA frame of the stream takes.
  private func read(_ stream: HTTP2Stream, upTo length: Int, _ flags: inout UInt32) -> ssize_t {
    let pending = stream.outbound.readableBytes
    let count = min(pending, length)
    if count == pending {
      switch stream.end {
      case .open:
        guard count > 0 else {
          stream.isDeferred = true
          return ssize_t(NGHTTP2_ERR_DEFERRED.rawValue)
        }
      case .endStream:
        stream.end = .sent
        flags |= NGHTTP2_DATA_FLAG_EOF.rawValue
      case .statusOK:
        stream.end = .sent
        let fields = StaticFields.statusOK
        nghttp2_submit_trailer(session, stream.id, fields.fields, fields.count)
        flags |= NGHTTP2_DATA_FLAG_EOF.rawValue | NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue
      case .trailers(let trailers):
        stream.end = .sent
        _ = trailers.withFields { nghttp2_submit_trailer(session, stream.id, $0, $1) }
        flags |= NGHTTP2_DATA_FLAG_EOF.rawValue | NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue
      case .sent:
        // Trailers go out by themselves; they end the stream, and this with it.
        return ssize_t(NGHTTP2_ERR_DEFERRED.rawValue)
      }
    }
    if count > 0 { flags |= NGHTTP2_DATA_FLAG_NO_COPY.rawValue }
    return count
  }

  /// Writes a DATA frame: its header, and exactly `length` bytes of the stream.
  ///
  /// - Returns: what nghttp2 does next: go on, or pause when enough is there.
  private func write(
    _ stream: HTTP2Stream, header: UnsafePointer<UInt8>, length: Int, padding: Int
  ) -> Int32 {
    framesSent &+= 1
    // A peer answers what it gets with WINDOW_UPDATE, for the stream and for the connection.
    idleFrames -= min(idleFrames, 4)
    output.writeBytes(UnsafeRawBufferPointer(start: header, count: 9))
    precondition(padding == 0, "no padding was asked for")
    stream.outbound.readWithUnsafeReadableBytes { bytes in
      output.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[..<length]))
      return length
    }
    stream.discardWrittenBytes(buffers)
    account(stream)
    dataBytesSent += UInt64(length)
    if stream.isFull, stream.outbound.readableBytes <= HTTP2Stream.lowMark { drained.append(stream) }
    return output.readableBytes < outputLimit ? 0 : NGHTTP2_ERR_PAUSE.rawValue
  }

  /// A block of headers that is too large for nghttp2 (64 KiB) would vanish, and its call hang: it is reset instead.
  private func couldNotSend(_ frame: nghttp2_frame, _ code: Int32) {
    guard UInt32(frame.hd.type) == NGHTTP2_HEADERS.rawValue, let stream = stream(frame.hd.stream_id) else {
      return
    }
    // A request that comes after the server's GOAWAY; nghttp2 closes its stream by itself.
    stream.wasTurnedAway = code == NGHTTP2_ERR_START_STREAM_NOT_ALLOWED.rawValue
    reset(stream, .internalError)
  }

  private func sent(_ frame: nghttp2_frame) {
    switch UInt32(frame.hd.type) {
    case NGHTTP2_HEADERS.rawValue:
      framesSent &+= 1
      if role == .client { stream(frame.hd.stream_id)?.isOpened = true }
      stopRequest(answeredBy: frame)
    case NGHTTP2_DATA.rawValue: stopRequest(answeredBy: frame)
    case NGHTTP2_RST_STREAM.rawValue:
      if role == .server { closedStreams.wasReset(frame.hd.stream_id) }
      // Handlers are begun for nothing when the peer has its streams reset, as when it resets them itself.
      if HTTP2ErrorCode(rawValue: frame.rst_stream.error_code).blamesPeer { countIdleFrame(as: 10) }
    case NGHTTP2_GOAWAY.rawValue:
      if let payload = pingAfterGoAway {
        pingAfterGoAway = nil
        submitPing(payload)
      }
      isTerminated = isTerminated || frame.goaway.error_code != NGHTTP2_NO_ERROR.rawValue
    default: break
    }
  }

  private func stopRequest(answeredBy frame: nghttp2_frame) {
    // A response that ends before its request: the client is told to stop. nghttp2 would drop the trailers if the reset
    // were submitted together with them.
    guard role == .server, frame.hd.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0,
      let stream = stream(frame.hd.stream_id), !stream.remoteEnded
    else { return }
    reset(stream, .noError)
  }
}
