import Logging
import NIOCore
import NgRPC
import NgRPCInterceptors
import Testing

@Suite("Logging of calls", .timeLimit(.minutes(1)))
struct LoggingInterceptorTests {
  @Test("Each call is one line at either side, without what it carries", arguments: EchoService.every)
  func line(method: MethodDescriptor) async throws {
    let server = RecordedLog()
    let client = RecordedLog()
    try await withLoopback(
      server: [LoggingInterceptor(logger: server.logger())],
      channel: [LoggingInterceptor(logger: client.logger())]
    ) { channel, endpoint in
      let options = CallOptions(metadata: ["authorization": "Bearer s3cret", "x-request-id": "request-7"])
      _ = try await channel.exchange(method, "p", options: options)
      for log in [server, client] {
        #expect(log.lines.entries.count == 1)
        let line = try #require(log.lines.entries.first)
        #expect(line.level == .info)
        #expect(line.metadata["method"] == "\(method)")
        #expect(line.metadata["status"] == "OK")
        #expect(line.metadata["requestID"] == "request-7")
        #expect(line.metadata["received"] == "1")
        #expect(line.metadata["sentBytes"] == "1")
        #expect(line.metadata["milliseconds"] != nil)
        let peer = "\(line.metadata["peer"], default: "")"
        #expect(peer.contains("127.0.0.1"))
        let text = "\(line)"
        #expect(!text.contains("s3cret"))
      }
    }
  }

  @Test("The level tells what went well, what the client got wrong and what the server")
  func levels() async throws {
    let expected: [(StatusCode, Logger.Level)] = [
      (.ok, .info), (.notFound, .notice), (.unauthenticated, .notice), (.cancelled, .notice),
      (.unknown, .error),
      (.internalError, .error), (.unavailable, .error),
    ]
    for (code, level) in expected { #expect(LoggingInterceptor.defaultLevel(code) == level, "\(code)") }
    let log = RecordedLog()
    let service = EchoService(began: { _ in throw RPCError(code: .notFound, message: "No\nsuch thing.") })
    try await withLoopback(service, server: [LoggingInterceptor(logger: log.logger())]) { channel, _ in
      _ = try await channel.exchange(EchoService.unary)
      let line = try #require(log.lines.entries.first)
      #expect(line.level == .notice)
      #expect(line.metadata["reason"] == "No such thing.")
    }
  }

  @Test("The error behind an UNKNOWN status is logged where it happened, and only there")
  func cause() async throws {
    struct DiskFull: Error {}
    let log = RecordedLog()
    let service = EchoService(began: { _ in throw DiskFull() })
    try await withLoopback(service, server: [LoggingInterceptor(logger: log.logger())]) { channel, _ in
      let status = try await channel.exchange(EchoService.unary).status
      #expect(!status.message.contains("DiskFull"))
      let cause = "\(log.lines.entries.first?.metadata["cause"], default: "")"
      #expect(cause.contains("DiskFull"))
    }
  }

  @Test("A trace's id goes before a request's; a begin is logged when that is asked for")
  func traceAndStart() async throws {
    let log = RecordedLog()
    let interceptor = LoggingInterceptor(logger: log.logger(), startLevel: .debug)
    try await withLoopback(server: [interceptor]) { channel, _ in
      let options = CallOptions(metadata: [
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "x-request-id": "x",
      ])
      _ = try await channel.exchange(EchoService.stream, options: options)
      #expect(log.lines.entries.map(\.level) == [.debug, .info])
      for line in log.lines.entries {
        #expect(line.metadata["traceID"] == "0af7651916cd43dd8448eb211c80319c")
        #expect(line.metadata["requestID"] == nil)
      }
    }
  }
}
