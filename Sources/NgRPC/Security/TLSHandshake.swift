import NIOCore
import NIOSSL
import NIOTLS

/// Stands behind the TLS handler until the handshake is over: sees to it that the peer speaks HTTP/2, says why when it fails, and goes.
final class TLSHandshake: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer

  private let tls: NIOSSLHandler
  private let completed: (PeerCertificate?) throws(TLSFailure) -> Void

  /// - Parameters:
  ///   - tls: the handler in front.
  ///   - completed: told the peer's certificate, which it may refuse.
  init(_ tls: NIOSSLHandler, completed: @escaping (PeerCertificate?) throws(TLSFailure) -> Void) {
    self.tls = tls
    self.completed = completed
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard case TLSUserEvent.handshakeCompleted(let negotiated) = event else {
      return context.fireUserInboundEventTriggered(event)
    }
    do throws(TLSFailure) {
      guard negotiated == "h2" else { throw .noHTTP2(negotiated: negotiated) }
      try completed(peerCertificate)
    } catch {
      return context.fireErrorCaught(error)
    }
    context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.fireErrorCaught(error.isOfTLS ? TLSFailure(error, peer: peerCertificate) : error)
  }

  private var peerCertificate: PeerCertificate? { tls.peerCertificate.map(PeerCertificate.init) }
}
