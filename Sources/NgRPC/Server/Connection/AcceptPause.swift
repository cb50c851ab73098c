import Logging
import NIOCore

#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif

/// Has a listener rest when the system can't give it a connection, such as for want of file descriptors.
///
/// The connection stays in the listener's queue and would wake it again at once, again and again.
final class AcceptPause: ChannelInboundHandler {
  typealias InboundIn = any Channel

  private static let length = TimeAmount.milliseconds(250)
  private let logger: Logger
  private var isResting = false

  init(logger: Logger) { self.logger = logger }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let code = (error as? IOError)?.errnoCode, [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(code) else {
      // A client that has gone again before it was accepted, or while it was set up.
      return logger.debug("a connection could not be accepted", metadata: ["reason": "\(plainReason(error))"])
    }
    guard !isResting, let options = context.channel.syncOptions else { return }
    isResting = true
    logger.warning(
      "No more connections can be accepted for now; raise the limits of this process, or lower maxConnections",
      metadata: ["reason": "\(plainReason(error))"])
    try? options.setOption(.autoRead, value: false)
    _ = context.eventLoop.assumeIsolated().scheduleTask(in: Self.length) { [weak self] in
      self?.isResting = false
      try? options.setOption(.autoRead, value: true)
    }
  }
}
