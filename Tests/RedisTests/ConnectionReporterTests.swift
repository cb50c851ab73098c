import Logging
import NIOCore
import Synchronization
import Testing

@testable import Redis

@Suite("Connection reporter")
struct ConnectionReporterTests {
  private typealias Event = ConnectionStateMachine<TestRequest>.Event

  @Test("A failure that goes on is mentioned every 10 s, a change at once, the password never")
  func rateLimited() {
    let lines = CapturedLines()
    var reporter = ConnectionReporter(
      address: RedisAddress(host: "h", password: "hush"),
      logger: Logger(label: "test") { _ in CapturingHandler(lines: lines) })
    let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    let refused = RedisError(.connectFailed, "connection refused")
    for tenths: Int64 in 0..<250 {
      reporter.report(
        Event.connectFailed(refused, failures: Int(tenths) + 1, retryIn: .milliseconds(100)),
        now: start + .milliseconds(tenths * 100))
    }
    #expect(lines.all.count == 3)
    #expect(lines.all.allSatisfy { $0.contains("connection refused") && $0.contains("start it") })
    reporter.report(Event.ready(ReplicationInfo(.null)), now: start + .seconds(25))
    reporter.report(Event.lost(refused, retryIn: .milliseconds(1)), now: start + .seconds(25))
    #expect(lines.all.count == 5)
    #expect(lines.all.allSatisfy { $0.contains("redis://:***@h:6379") && !$0.contains("hush") })
  }
}

private final class CapturedLines: Sendable {
  private let lines = Mutex<[String]>([])

  var all: [String] { lines.withLock { $0 } }

  func add(_ line: String) { lines.withLock { $0.append(line) } }
}

private struct CapturingHandler: LogHandler {
  let lines: CapturedLines
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.trace

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) { lines.add("\(event.message) \(event.metadata ?? [:])") }
}
