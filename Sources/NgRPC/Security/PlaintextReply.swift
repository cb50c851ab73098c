import NIOCore

/// Stands in front of a plaintext client's connection until the server's first bytes: says so when they are TLS, and goes.
final class PlaintextReply: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if unwrapInboundIn(data).looksLikeTLS { context.fireErrorCaught(PlaintextFailure.peerSpeaksTLS) }
    context.fireChannelRead(data)
    context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
  }
}

/// Why plaintext failed.
enum PlaintextFailure: Error, CustomStringConvertible {
  case peerSpeaksTLS

  var description: String { "the peer speaks TLS, and this connection is plaintext" }
}

extension ByteBuffer {
  /// Whether a TLS record begins here: a handshake or an alert, of a version 3.x (RFC 8446, section 5.1). HTTP/2 never begins like that.
  var looksLikeTLS: Bool {
    guard let type = getInteger(at: readerIndex, as: UInt8.self),
      let version = getInteger(at: readerIndex + 1, as: UInt8.self)
    else { return false }
    return (type == 0x15 || type == 0x16) && version == 0x03
  }
}
