import NIOCore

/// Turns what a Redis connection reads into replies, and reports them to its driver.
final class ReplyHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let driver: ConnectionDriver
  private let reader: ReplyReader

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
    driver.willClose(because: "the connection to the Redis server broke: \(error)")
    context.close(promise: nil)
  }
}
