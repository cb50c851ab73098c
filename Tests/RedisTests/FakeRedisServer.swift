import NIOCore
import NIOPosix
import Redis
import Synchronization

/// A server that answers as a test wants it to, on a free port of 127.0.0.1.
final class FakeRedisServer: Sendable {
  /// What to do about a command.
  enum Response: Sendable {
    case reply(String)
    /// Half-close: nothing more is sent, but everything is still read.
    case closeOutput
  }

  private let channel: any Channel

  /// - Parameter respond: Is told the number of the connection, from 1, and the command's name.
  init(respond: @escaping @Sendable (_ connection: Int, _ command: String) -> Response) async throws {
    let connections = ConnectionCount()
    channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let connection = connections.next()
          try channel.pipeline.syncOperations.addHandler(
            FakeConnection { respond(connection, $0) })
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
  }

  var address: RedisAddress {
    RedisAddress(host: "127.0.0.1", port: channel.localAddress?.port ?? 0)
  }

  func stop() async throws { try await channel.close() }
}

private final class ConnectionCount: Sendable {
  private let count = Atomic(0)

  func next() -> Int { count.add(1, ordering: .relaxed).newValue }
}

/// Reads commands (arrays of bulk strings without line ends) and answers each.
private final class FakeConnection: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let respond: (String) -> FakeRedisServer.Response
  private var lines: [String] = []
  private var unfinished = ""

  init(respond: @escaping (String) -> FakeRedisServer.Response) { self.respond = respond }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let received = unfinished + String(buffer: unwrapInboundIn(data))
    let pieces = received.split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
    unfinished = pieces.last ?? ""
    lines += pieces.dropLast()
    while let header = lines.first, let count = Int(header.dropFirst()), lines.count > 2 * count {
      let command = lines[2]
      lines.removeFirst(1 + 2 * count)
      switch respond(command) {
      case .reply(let text):
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
      case .closeOutput:
        context.close(mode: .output, promise: nil)
      }
    }
  }
}
