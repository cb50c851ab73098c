import NIOCore

/// A call that has come while too much of other responses waits for the client: it begins when that is less.
///
/// What comes of its request meanwhile is bounded by the stream's window.
final class ParkedCall: HTTP2StreamDelegate {
  private let call: ServerCall
  private let route: RPCRouter.Route
  private let stream: HTTP2Stream
  private var bytes = ByteBuffer()
  private var hasEnded = false
  private var isClosed = false

  init(_ call: ServerCall, _ route: RPCRouter.Route, _ stream: HTTP2Stream) {
    self.call = call
    self.route = route
    self.stream = stream
  }

  func received(_ headers: HeaderBlock, endStream: Bool) { hasEnded = hasEnded || endStream }

  func received(_ chunk: UnsafeRawBufferPointer) {
    call.hold(chunk.count)
    bytes.writeBytes(chunk)
  }

  func receivedEndStream() { hasEnded = true }
  func becameWritable() {}

  func closed(_ error: HTTP2ErrorCode?) {
    isClosed = true
    call.closed(error)
  }

  /// Begins the call, unless its client has given up.
  func begin() {
    guard !isClosed else { return }
    stream.delegate = call
    call.begin(route)
    call.release(bytes.readableBytes)
    bytes.withUnsafeReadableBytes { if !$0.isEmpty { call.received($0) } }
    if hasEnded { call.receivedEndStream() }
  }
}
