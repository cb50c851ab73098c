import CIMProtos
import Logging
import NIOCore
import NgRPC

/// Keeps the stream of pages next to a link that is up. On its event loop only.
final class PagesStream {
  /// How long to wait until a stream that ended is made again.
  private static let pause = TimeAmount.milliseconds(500)

  private let channel: RPCChannel
  private let core: RouteCore
  private let eventLoop: any EventLoop
  private var stream: ClientStream<CimV1.PagesRequest>?
  /// When to open the stream; nil while it is open, or when the server has none.
  private var openAt: NIODeadline?
  private var isEnded = false

  /// Opens the stream on a link's channel.
  init(on channel: RPCChannel, core: RouteCore, eventLoop: any EventLoop) {
    self.channel = channel
    self.core = core
    self.eventLoop = eventLoop
    open()
  }

  /// The time is `now`.
  func check(at now: NIODeadline) {
    guard let openAt, now >= openAt else { return }
    open()
  }

  /// The link is down.
  func end() {
    isEnded = true
    openAt = nil
    stream?.cancel()
    stream = nil
  }

  private func open() {
    openAt = nil
    let pages = NIOLoopBound(self, eventLoop: eventLoop)
    let (routeID, reader, counters) = (core.routeID, core.pages, core.counters)
    channel.stream(CimV1.Push.Methods.pages) { stream -> PagesHandler in
      pages.value.began(stream)
      return PagesHandler(stream: stream, routeID: routeID, reader: reader, counters: counters) { status in
        pages.value.closed(status)
      }
    }
  }

  private func began(_ stream: ClientStream<CimV1.PagesRequest>) {
    if isEnded { stream.cancel() } else { self.stream = stream }
  }

  private func closed(_ status: RPCError) {
    stream = nil
    guard !isEnded else { return }
    // A server of an earlier version has no pages; its clients read the history.
    guard status.code != .unimplemented else { return }
    core.logger.debug("a stream of pages has ended; making it again", metadata: ["status": "\(status)"])
    openAt = .now() + Self.pause
  }
}
