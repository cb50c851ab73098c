import CIMProtos
import DequeModule
import NIOCore
import NgRPC

/// Answers a server's fetches, on the stream of pages next to its link. On its event loop only.
final class PagesHandler: StreamHandler {
  typealias Inbound = CimV1.PagesResponse
  typealias Outbound = CimV1.PagesRequest

  /// How many fetches are read at the same time; with a page of 256 KiB each that is what they take of memory.
  private static let maxReading = 16
  /// While that many bytes wait for the server, nothing more is read for it.
  private static let maxPendingBytes = 4 * 1024 * 1024

  private let stream: ClientStream<CimV1.PagesRequest>
  private let reader: PageReader
  private let counters: RouteCounters
  private let onEnd: (RPCError) -> Void
  private var waiting: Deque<CimV1.Fetch> = []
  private var reading = 0
  private var isOpen = true

  /// Says hello.
  ///
  /// - Parameter onEnd: called once, when the stream has ended.
  init(
    stream: ClientStream<CimV1.PagesRequest>, routeID: String, reader: PageReader, counters: RouteCounters,
    onEnd: @escaping (RPCError) -> Void
  ) {
    self.stream = stream
    self.reader = reader
    self.counters = counters
    self.onEnd = onEnd
    stream.send(CimV1.PagesRequest(frame: .hello(CimV1.RouteHello(routeID: routeID, protocolVersion: 1))))
  }

  func received(_ message: CimV1.PagesResponse) {
    guard case .fetch(let fetch) = message.frame else { return counters.ignoredFrames.count() }
    waiting.append(fetch)
    readNext()
  }

  func inboundEnded() {}

  func writable() { readNext() }

  func closed(_ status: RPCError) {
    isOpen = false
    waiting = []
    onEnd(status)
  }

  private func readNext() {
    while isOpen, reading < Self.maxReading, stream.pendingBytes < Self.maxPendingBytes,
      let fetch = waiting.popFirst()
    {
      reading += 1
      let handler = NIOLoopBound(self, eventLoop: stream.eventLoop)
      Task { [reader, eventLoop = stream.eventLoop] in
        let page = await reader.page(for: fetch)
        eventLoop.execute { handler.value.answer(page) }
      }
    }
  }

  private func answer(_ page: CimV1.Page) {
    reading -= 1
    guard isOpen else { return }
    stream.send(CimV1.PagesRequest(frame: .page(page)))
    readNext()
  }
}
