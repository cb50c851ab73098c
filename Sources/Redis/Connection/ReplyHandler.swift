import NIOCore

/// Turns what a Redis connection reads into replies, and reports them and the connection's end to its driver.
final class ReplyHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let driver: ConnectionDriver
  private let reader: ReplyReader
  private var closeReason: String?

  init(driver: ConnectionDriver, maximumReplyBytes: Int) {
    self.driver = driver
    reader = ReplyReader(maximumReplyBytes: maximumReplyBytes)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    do {
      driver.willReadReplies()
      try reader.feed(unwrapInboundIn(data))
      while let reply = try reader.next() {
        driver.received(reply)
      }
      driver.didReadReplies()
    } catch {
      driver.violated(error)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    closeReason = "the connection to the Redis server broke: \(error)"
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    driver.closed(context.channel, closeReason ?? "the Redis server closed the connection")
    context.fireChannelInactive()
  }
}
