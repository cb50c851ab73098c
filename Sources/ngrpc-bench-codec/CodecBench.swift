import ArgumentParser
import NIOCore
import NgRPC
import NgRPCProtos

/// Measures what it takes to encode and decode messages: the best of several runs on one thread.
@main
struct CodecBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ngrpc-bench-codec",
    abstract: "Measures encoding and decoding, in nanoseconds per message.")

  @Option(help: "How many messages make one run.")
  var count = 200_000
  @Option(help: "How many runs; the best counts.")
  var runs = 5

  func run() throws {
    for size in [0, 32, 1024, 65_536] {
      let payload = [UInt8](repeating: 7, count: size)
      try measure("payload of \(size) bytes", NgrpcBenchV1.UnaryRequest(payload: payload))
    }
    try measure("text of 12 bytes", GrpcHealthV1.HealthCheckRequest(service: "cim.v1.Route"))
    try measure(
      "message in a oneof of a message",
      GrpcReflectionV1.ServerReflectionResponse(
        validHost: "127.0.0.1:7400",
        originalRequest: .init(host: "127.0.0.1:7400", messageRequest: .fileContainingSymbol("cim.v1.Route")),
        messageResponse: .errorResponse(.init(errorCode: 5, errorMessage: "The symbol is not known here."))))
    let statuses = (0..<100).map { ("service \($0)", GrpcHealthV1.HealthCheckResponse(status: .serving)) }
    try measure(
      "map of 100 messages", GrpcHealthV1.HealthListResponse(statuses: .init(uniqueKeysWithValues: statuses)))
  }

  private func measure(_ name: String, _ message: some RPCMessage) throws {
    var buffer = ByteBuffer()
    let encoding = try best {
      buffer.clear()
      try message.serialize(into: &buffer)
    }
    let decoding = try best { _ = try decode(buffer, like: message) }
    print("\(name): \(buffer.readableBytes) bytes, encode \(encoding) ns, decode \(decoding) ns")
  }

  @inline(never)
  private func decode<Message: RPCMessage>(_ bytes: ByteBuffer, like _: Message) throws -> Message {
    try Message(serialized: bytes)
  }

  /// Nanoseconds of one `operation`, in the best of the runs.
  private func best(_ operation: () throws -> Void) rethrows -> Int {
    let clock = ContinuousClock()
    return try (0..<runs).map { _ in
      let duration = try clock.measure { for _ in 0..<count { try operation() } }
      return Int(duration / .nanoseconds(count))
    }.min() ?? 0
  }
}
