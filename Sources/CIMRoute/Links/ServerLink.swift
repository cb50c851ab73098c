import CIMCore
import CIMProtos
import NIOCore
import NgRPC

/// What is handed to a link from any thread.
enum LinkCommand: Sendable {
  /// A message for sessions on the server, or, without any, for its conversation's members there. `bytes` is about how large
  /// it is.
  case deliver(CimV1.Message, to: [CimV1.SessionRef], bytes: Int)
  /// How far conversations reach; it waits for the link and for room.
  case tell([CimV1.Tail])
  /// The end of a session; it waits for the link.
  case kick(CimV1.KickSession)
  /// All sessions are to be stated again. With `isOwed` a link that is not up asks for that when it is.
  case restate(name: String, isOwed: Bool)
  /// A frame that is worth something only now; dropped while the link is not up.
  case send(CimV1.LinkRequest.Frame)
  /// The same, dropped also while the server is behind.
  case hint(CimV1.LinkRequest.Frame)
  /// The answer to a request that came in that try; not sent when another try has begun. `done` is told whether it was.
  case reply(CimV1.LinkRequest.Frame, attempt: UInt64, done: @Sendable (_ isSent: Bool) -> Void)
  /// Asks what waits on the link.
  case inspect(@Sendable (LinkBacklog?) -> Void)
  /// This route goes away: the link is ended behind what was sent. `done` is called when the server has ended it, too.
  case finish(done: @Sendable () -> Void)
  /// The server is dead, or this route goes away at once.
  case stop
}

/// The link to one registration of a server, as everybody but its own event loop sees it.
final class ServerLink: Sendable {
  let record: ServerRecord
  private let queue: EventLoopQueue<LinkCommand>

  /// Creates a link and begins to make it.
  init(to record: ServerRecord, core: RouteCore, on eventLoop: any EventLoop) {
    self.record = record
    let queue = EventLoopQueue<LinkCommand>(eventLoop: eventLoop)
    self.queue = queue
    eventLoop.execute { [self] in
      let driver = NIOLoopBound(
        LinkDriver(link: self, core: core, eventLoop: eventLoop), eventLoop: eventLoop)
      driver.value.start()
      queue.open { commands in driver.value.carryOut(commands) }
    }
  }

  var instance: ServerInstance { record.instance }

  /// Hands a command over. Commands are carried out in the order of the calls; after `stop` none is.
  ///
  /// - Returns: false after `stop`.
  @discardableResult
  func push(_ command: LinkCommand) -> Bool { queue.push(command) }

  /// What waits on the link; nil when it has been stopped.
  func backlog() async -> LinkBacklog? {
    await withCheckedContinuation { continuation in
      if !push(.inspect { continuation.resume(returning: $0) }) { continuation.resume(returning: nil) }
    }
  }

  /// Ends the link behind what was sent, and returns when the server has ended it, too, or when it is stopped.
  func finish() async {
    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
      if !push(.finish { continuation.resume() }) { continuation.resume() }
    }
  }

  /// Takes no more commands.
  ///
  /// - Returns: what has not been carried out.
  func close() -> [LinkCommand] { queue.close() }
}

/// Where a request came from, to answer it there.
struct LinkOrigin: Sendable {
  let link: ServerLink
  let attempt: UInt64
  /// When the request came.
  let arrived: NIODeadline

  /// Answers, unless the link has been made anew since: requests are numbered per link.
  ///
  /// - Parameter done: called once, with whether the answer was sent.
  func reply(
    _ frame: CimV1.LinkRequest.Frame, done: @escaping @Sendable (_ isSent: Bool) -> Void = { _ in }
  ) {
    if !link.push(.reply(frame, attempt: attempt, done: done)) { done(false) }
  }
}
