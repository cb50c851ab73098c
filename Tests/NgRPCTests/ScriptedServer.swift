import NIOCore
import NIOPosix
import Synchronization

@testable import NgRPC

/// A server that does with each request what a script says: also what a good server would not.
final class ScriptedServer: Sendable {
  /// A request as its headers have come.
  struct Request: Sendable {
    /// 0 for the first that the server gets, on whatever connection.
    var number: Int
    /// 0 for the first connection.
    var connection: Int
    var stream: Int32
    var metadata: Metadata
  }

  enum Answer: Sendable {
    /// A message and OK.
    case message(ByteBuffer)
    /// A status without a response.
    case status(StatusCode, Metadata = [:])
    /// Headers, then a status.
    case headersAndStatus(StatusCode)
    case reset(HTTP2ErrorCode)
    /// GOAWAY of which this is the last stream, with no answer to the request.
    case goAway(last: Int32, HTTP2ErrorCode = .noError, debugData: String = "")
    /// The connection is closed.
    case close
    /// Nothing; ``ScriptedServer/answer(_:with:)`` may come later.
    case nothing
  }

  private struct State {
    var requests: [Request] = []
    var connections: [NIOLoopBound<Connection>] = []
  }

  private let state = Mutex(State())
  private let script: @Sendable (Request) -> Answer
  private let maxConcurrentStreams: UInt32
  private let listener = Mutex<(any Channel)?>(nil)

  init(maxConcurrentStreams: UInt32 = 100, _ script: @escaping @Sendable (Request) -> Answer) {
    self.maxConcurrentStreams = maxConcurrentStreams
    self.script = script
  }

  var requests: [Request] { state.withLock { $0.requests } }
  var connectionCount: Int { state.withLock { $0.connections.count } }

  func start() async throws -> Endpoint {
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try self.accept(channel) }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    listener.withLock { $0 = channel }
    return Endpoint(host: "127.0.0.1", port: channel.localAddress!.port!)
  }

  func stop() async throws {
    try await listener.withLock { $0 }?.close()
    for connection in state.withLock({ $0.connections }) {
      connection.eventLoop.execute { connection.value.http2.cut() }
    }
  }

  /// Answers a request that the script left without an answer.
  func answer(_ request: Request, with answer: Answer) {
    let connection = state.withLock { $0.connections[request.connection] }
    connection.eventLoop.execute { connection.value.answer(request.stream, answer) }
  }

  private func accept(_ channel: any Channel) throws {
    let connection = Connection(self)
    let bound = NIOLoopBound(connection, eventLoop: channel.eventLoop)
    let number = state.withLock { state in
      state.connections.append(bound)
      return state.connections.count - 1
    }
    try connection.add(to: channel, number: number, maxConcurrentStreams)
  }

  private func received(_ request: HeaderBlock, on stream: HTTP2Stream, _ connection: Int) -> Answer {
    let request = state.withLock { state in
      let request = Request(
        number: state.requests.count, connection: connection, stream: stream.id, metadata: request.metadata)
      state.requests.append(request)
      return request
    }
    return script(request)
  }

  private final class Connection: HTTP2ConnectionDelegate {
    private(set) var http2: HTTP2Connection!
    private let server: ScriptedServer
    private var channel: (any Channel)?
    private var number = 0

    init(_ server: ScriptedServer) { self.server = server }

    func add(to channel: any Channel, number: Int, _ maxConcurrentStreams: UInt32) throws {
      self.channel = channel
      self.number = number
      let limits = NgHTTP2Session.Limits(
        streamWindow: 1 << 20, connectionWindow: 1 << 20, maxConcurrentStreams: maxConcurrentStreams,
        maxHeaderListSize: 1 << 16)
      http2 = HTTP2Connection(
        session: NgHTTP2Session(role: .server, limits: limits), executor: .of(channel.eventLoop),
        isSecure: false,
        delegate: self)
      try channel.pipeline.syncOperations.addHandler(http2)
    }

    func received(_ request: HeaderBlock, on stream: HTTP2Stream, endStream: Bool) {
      answer(stream.id, server.received(request, on: stream, number))
    }

    func answer(_ id: Int32, _ answer: Answer) {
      guard let stream = http2.session.streams[id] else { return }
      switch answer {
      case .message(let message):
        http2.session.submitResponseHead(stream)
        try! stream.outbound.writeFramed(message)
        stream.end = .statusOK
      case .status(let code, let metadata):
        var headers = HeaderList()
        headers.add(":status", "200")
        headers.add("content-type", "application/grpc")
        headers.add("grpc-status", "\(code.rawValue)")
        headers.add(metadata)
        http2.session.submitTrailersOnly(stream, headers)
      case .headersAndStatus(let code):
        http2.session.submitResponseHead(stream)
        var trailers = HeaderList()
        trailers.add("grpc-status", "\(code.rawValue)")
        stream.end = .trailers(trailers)
      case .reset(let code): http2.session.reset(stream, code)
      case .goAway(let last, let code, let debugData): goAway(last, code, debugData)
      case .close: http2.close()
      case .nothing: break
      }
      http2.setNeedsFlush()
    }

    /// Past nghttp2, which would go on with what it has.
    private func goAway(_ last: Int32, _ code: HTTP2ErrorCode, _ debugData: String) {
      var frame = ByteBuffer()
      let length = UInt32(8 + debugData.utf8.count)
      frame.writeInteger(UInt32(length << 8 | 7))
      frame.writeInteger(UInt8(0))
      frame.writeInteger(UInt32(0))
      frame.writeInteger(last)
      frame.writeInteger(code.rawValue)
      frame.writeString(debugData)
      channel?.writeAndFlush(frame, promise: nil)
    }

    func receivedSettings() {}
    func receivedGoAway(lastStreamID: Int32, _ code: HTTP2ErrorCode, debugData: String) {}
    func receivedPingAck(_ payload: UInt64) {}
    func connectionClosed(_ reason: RPCError?) {}
  }
}
