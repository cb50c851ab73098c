import NIOCore

/// What happens on a stream, told to whoever carries its call. All on the event loop, never inside nghttp2.
protocol HTTP2StreamDelegate: AnyObject {
  /// A block of headers has come: a response's head, or trailers.
  func received(_ headers: HeaderBlock, endStream: Bool)
  /// Bytes have come; `chunk` is valid during the call only.
  func received(_ chunk: UnsafeRawBufferPointer)
  /// The peer has ended its side.
  func receivedEndStream()
  /// The outbound buffer fell under its low mark after it was over its high mark.
  func becameWritable()
  /// The stream is over. The last call.
  ///
  /// - Parameter error: nil when the connection was lost.
  func closed(_ error: HTTP2ErrorCode?)
}

/// One HTTP/2 stream: what waits to be sent, and who is told what comes.
///
/// Belongs to the event loop of its connection.
///
/// `@exclusivity(unchecked)`: all of it is touched on one event loop, and no access spans a call of other code; the checks would
/// take a tenth of what a message takes.
final class HTTP2Stream {
  /// How the sending side ends.
  enum End {
    /// It goes on.
    case open
    /// With the last DATA frame.
    case endStream
    /// With these trailers.
    case trailers(HeaderList)
    /// With `grpc-status: 0` alone.
    case statusOK
    /// The end is on its way.
    case sent
  }

  /// Past this many waiting bytes a sender is asked to wait.
  static let highMark = 64 * 1024
  /// At this many waiting bytes it may go on.
  static let lowMark = 16 * 1024

  /// Zero until the stream is opened.
  @exclusivity(unchecked) var id: Int32 = 0
  /// Framed messages that wait for the transport.
  @exclusivity(unchecked) var outbound = ByteBuffer()
  /// How many of them its session has counted.
  @exclusivity(unchecked) var accountedBytes = 0
  @exclusivity(unchecked) var end = End.open
  /// What was taken of the peer's bytes and not given back as window.
  @exclusivity(unchecked) var unreturnedBytes = 0
  /// nghttp2 found nothing to send and waits to be told.
  @exclusivity(unchecked) var isDeferred = false
  /// The peer has ended its side.
  @exclusivity(unchecked) var remoteEnded = false
  /// A client's request headers have left nghttp2.
  var isOpened = false
  /// The connection took no more streams when this one's turn came: nothing of it was sent.
  var wasTurnedAway = false
  /// The outbound buffer is over its high mark, and someone may wait.
  @exclusivity(unchecked) var isFull = false
  /// Let go when the stream is over.
  @exclusivity(unchecked) var delegate: (any HTTP2StreamDelegate)?

  /// Memory for what is to be written, where there is none.
  func borrowOutbound(from buffers: EventLoopBuffers) {
    if outbound.storageCapacity == 0 { outbound = buffers.takeSmall() }
  }

  /// Makes a stream of which nothing was sent one that can be submitted again, to another connection.
  func reuse() {
    id = 0
    isDeferred = false
    wasTurnedAway = false
  }

  /// Lets go of memory whose bytes are on their way: `ByteBuffer` does not by itself.
  func discardWrittenBytes(_ buffers: EventLoopBuffers?) {
    if outbound.readableBytes == 0 {
      var written = ByteBuffer()
      swap(&written, &outbound)
      buffers?.giveBack(small: written)
    } else if outbound.readerIndex > max(Self.highMark, outbound.readableBytes) {
      outbound.discardReadBytes()
    }
  }

  /// Bytes that wait for the transport.
  var pendingBytes: Int { outbound.readableBytes }
}
