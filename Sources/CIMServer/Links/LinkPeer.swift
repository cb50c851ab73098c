import CIMCore
import CIMProtos
import NIOCore
import NgRPC

/// What is handed to a link from any thread.
enum LinkCommand: Sendable {
  /// Send a frame.
  case frame(CimV1.LinkResponse.Frame)
  /// Have the route write a session, or again the one with that epoch; the answer goes to that session.
  case open(token: String, device: String, epoch: UInt64, for: SessionAddress)
  /// Ask what sessions may have missed; the answer goes to that shard, under that number.
  case sync([CimV1.SyncSession], batch: UInt64, for: Int)
  /// Have the route accept a message; the answer goes to that session, under that number.
  case send(CimV1.Send, by: SessionMachine.Identity, from: SessionAddress, number: UInt64)
  /// End the link.
  case end(RPCError)
}

/// A link as everybody but its own event loop sees it.
final class LinkPeer: Sendable {
  let id: LinkID
  /// The id of the route at the other end.
  let routeID: String
  private let queue: EventLoopQueue<LinkCommand>

  init(id: LinkID, routeID: String, queue: EventLoopQueue<LinkCommand>) {
    self.id = id
    self.routeID = routeID
    self.queue = queue
  }

  /// Hands a command over. Commands are carried out in the order of the calls.
  ///
  /// - Returns: false when the link is down.
  @discardableResult
  func push(_ command: LinkCommand) -> Bool { queue.push(command) }
}
