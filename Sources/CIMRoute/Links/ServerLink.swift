import CIMCore
import CIMProtos
import NIOCore
import NgRPC

/// What is handed to a link from any thread.
enum LinkCommand: Sendable {
  /// What happens; while the link is being made it waits.
  case live(LiveFrame)
  /// The answer to a request that came in that try; dropped when another try has begun.
  case reply(CimV1.LinkRequest.Frame, attempt: UInt64, ifUndeliverable: @Sendable () -> Void)
  /// The server is dead, or this route goes away.
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

  /// Takes no more commands.
  ///
  /// - Returns: what has not been carried out.
  func close() -> [LinkCommand] { queue.close() }
}

/// Where a request came from, to answer it there.
struct LinkOrigin: Sendable {
  let link: ServerLink
  let attempt: UInt64

  /// Answers, unless the link has been made anew since: requests are numbered per link.
  ///
  /// - Parameter undo: called when the answer was not sent.
  func reply(_ frame: CimV1.LinkRequest.Frame, ifUndeliverable undo: @escaping @Sendable () -> Void = {}) {
    if !link.push(.reply(frame, attempt: attempt, ifUndeliverable: undo)) { undo() }
  }
}
