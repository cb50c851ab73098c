import CIMCore
import CIMProtos
import NgRPC

/// What reaches the sessions of one event loop from elsewhere.
enum ShardEvent: Sendable {
  /// A route has written a session: for the device that it was asked for, under that registration of the server.
  case granted(CimV1.SessionGranted, device: String, under: ServerInstance, to: UInt64)
  /// A route has refused a session.
  case denied(CimV1.SessionDenied, to: UInt64)
  /// A route has answered the send of that number.
  case answered(CimV1.SendResult, number: UInt64, to: UInt64)
  /// A message has reached a device of its receiver.
  case delivered(CimV1.Delivered, to: UInt64)
  /// Others have got or read what sessions said.
  case receipt(CimV1.Receipt, to: [UInt64])
  /// How far the user of sessions has read.
  case readMarks([CimV1.Cursor], to: [UInt64])
  /// The link over which a session's opening was asked for is gone.
  case openLost(LinkID, Opening)
  /// The link that a session had asked for something is gone.
  case linkLost(LinkID, to: UInt64)
  /// A link is up, or gone.
  case linksChanged
  /// All routes know of a session's conversations.
  case inForce(UInt64)
  /// An entry for the members of its conversation.
  case deliverToMembers(FramedEntry)
  /// An entry for some.
  case deliver(FramedEntry, to: [Recipient], report: NotHereReport)
  /// A log reaches to a place, which is for these sessions; nil for the conversation's members.
  case heard(LogPosition, in: String, by: [UInt64]?)
  /// What sessions may have missed.
  case synced([CimV1.SyncedSession], batch: UInt64)
  /// Nobody will answer what sessions may have missed.
  case syncFailed(UInt64, isElsewherePossible: Bool)
  /// All sessions may have missed something.
  case syncAll
  /// A part of a log has come.
  case page(FetchedPage, for: FetchQueue.Request)
  /// Nobody will answer a fetch.
  case fetchFailed(FetchQueue.Request, isElsewherePossible: Bool)
  /// There is a route to fetch from.
  case pagesUp
  /// Close a session if it is still the one with that epoch.
  case kick(CimV1.Kick, session: UInt64, epoch: UInt64)
  /// Ask the clients to leave.
  case drain(DrainSchedule.Plan)
  /// End what is left.
  case endAll(RPCError)
  /// State all sessions again.
  case restate

  /// A session that a message is for.
  struct Recipient: Sendable {
    let number: UInt64
    let session: CimV1.SessionRef
  }
}

/// How to say that a message's session is not here.
struct NotHereReport: Sendable {
  let conversation: String
  let position: CimV1.LogPosition?
  let link: LinkPeer

  /// Says so of one session.
  func send(_ session: CimV1.SessionRef) {
    link.push(
      .frame(.notHere(CimV1.NotHere(session: session, conversation: conversation, position: position))))
  }
}
