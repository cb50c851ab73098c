import Foundation
import Logging
import NIOCore
import NgRPC
import NgRPCProtos
import Synchronization
import Testing
import TestSupport

@Suite("Backpressure", .timeLimit(.minutes(2)))
struct BackpressureTests {
  /// What may lie between a sender and a reader that does not read: outbound buffers, windows and sockets, there and back.
  private static let pipelineBound = 24 * 1024 * 1024
  private static let growthBound = 64 * 1024 * 1024

  /// The server is a process of its own, so that its memory is its own. It echoes a long stream to a client that
  /// reads nothing at first: the whole way back to the sender stands still, and nobody collects what is not taken.
  @Test(
    "A slow reader stops the sender of a long stream, and memory stays bounded",
    arguments: [(mebibytes: 1024, isSecure: false), (mebibytes: 256, isSecure: true)])
  func slowReader(count: Int, isSecure: Bool) async throws {
    let certificates = try await TestCertificates.shared
    let arguments =
      isSecure
      ? ["--tls-certificate", certificates.certificate("server"), "--tls-key", certificates.key("server")]
      : []
    let server = try ChildProcess(Command(Repository.product("ngrpc-bench"), ["serve"] + arguments))
    let line = try await server.output.line(containing: "listening on")
    let port = try #require(line.split(separator: ":").last.flatMap { Int($0) })
    let channel = RPCChannel(
      to: [Endpoint(host: "127.0.0.1", port: port)],
      configuration: isSecure ? certificates.client() : .defaults, logger: quiet)
    let bench = NgrpcBenchV1.Bench.Client(channel)
    // What a first exchange allocates is no growth.
    _ = try await bench.unary(NgrpcBenchV1.UnaryRequest(payload: [1]))
    let memoryBefore = try residentBytes(of: server.id)

    let message = NgrpcBenchV1.EchoRequest(payload: [UInt8](repeating: 7, count: 1 << 20))
    let sent = Counter()
    let call = bench.echo()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        for _ in 0..<count {
          try await call.send(message)
          sent.increment()
        }
        call.finish()
      }
      try await untilStill(sent)
      let stuckAt = sent.value << 20
      #expect(stuckAt < Self.pipelineBound, "\(stuckAt) bytes were taken from the sender though nobody reads")

      var received = 0
      var largest = 0
      for try await response in call.messages {
        received += response.payload.count
        if received % (64 << 20) == 0 { largest = max(largest, try residentBytes(of: server.id)) }
      }
      #expect(received == count << 20)
      let growth = largest - memoryBefore
      print(
        "\(count) MiB echoed\(isSecure ? " over TLS" : "") to a slow reader: the server's resident memory grew by \(growth >> 10) KiB"
      )
      #expect(growth < Self.growthBound)
      try await group.waitForAll()
    }
    await channel.shutdown(within: .seconds(5))
    try await server.stop()
  }

  @Test("A stream that is not read does not stop its neighbours on the connection")
  func neighbours() async throws {
    try await withLoopback { channel, _, _ in
      let stuck = channel.call(EchoService.chat, (ByteBuffer.self, ByteBuffer.self))
      let sent = Counter()
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          while true {
            try await stuck.send(ByteBuffer(repeating: 1, count: 100_000))
            sent.increment()
          }
        }
        try await untilStill(sent)
        for _ in 0..<100 {
          let message = ByteBuffer(repeating: 2, count: 100_000)
          let response: ByteBuffer = try await channel.unary(EchoService.unary, message)
          #expect(response == message)
        }
        stuck.cancel()
        let end = try await rpcError { try await group.next() }
        #expect(end?.code == .cancelled)
      }
    }
  }

  @Test("A handler that fills its buffer each time there is room is told each time")
  func refilling() async throws {
    try await withLoopback { channel, _, _ in
      let (ends, end) = AsyncStream<(code: StatusCode, bytes: Int)>.makeStream()
      channel.stream(EchoService.collect) { Refiller($0, messages: 100, bytes: 30_000, end) }
      let (code, bytes) = try #require(await ends.first { _ in true })
      #expect(code == .ok)
      #expect(bytes == 3_000_000)
    }
  }
}

/// Sends so many messages, and never more at a time than there is room for.
private final class Refiller: StreamHandler {
  typealias Outbound = ByteBuffer

  private let stream: ClientStream<ByteBuffer>
  private let message: ByteBuffer
  private var left: Int
  private var received = 0
  private let end: AsyncStream<(code: StatusCode, bytes: Int)>.Continuation

  init(
    _ stream: ClientStream<ByteBuffer>, messages: Int, bytes: Int,
    _ end: AsyncStream<(code: StatusCode, bytes: Int)>.Continuation
  ) {
    self.stream = stream
    self.end = end
    message = ByteBuffer(repeating: 1, count: bytes)
    left = messages
    writable()
  }

  func writable() {
    guard left > 0 else { return }
    while left > 0, stream.pendingBytes < 64 * 1024 {
      stream.send(message)
      left -= 1
    }
    if left == 0 { stream.finish() }
  }

  func received(_ message: ByteBuffer) { received = message.readableBytes }
  func inboundEnded() {}
  func closed(_ status: RPCError) { end.yield((status.code, received)) }
}

/// Waits until a count that something else raises has stood still for half a second.
private func untilStill(_ count: Counter) async throws {
  var last = -1
  var unchanged = 0
  while unchanged < 10 {
    // There is no event for "nothing happens".
    try await Task.sleep(for: .milliseconds(50))
    let now = count.value
    unchanged = now == last && now > 0 ? unchanged + 1 : 0
    last = now
  }
}

private final class Counter: Sendable {
  private let count = Atomic(0)
  var value: Int { count.load(ordering: .relaxed) }
  func increment() { count.add(1, ordering: .relaxed) }
}

/// The memory of a process that is in RAM.
private func residentBytes(of process: pid_t) throws -> Int {
  let fields = try String(contentsOfFile: "/proc/\(process)/statm", encoding: .utf8).split(separator: " ")
  return Int(fields[1])! * Int(sysconf(Int32(_SC_PAGESIZE)))
}
