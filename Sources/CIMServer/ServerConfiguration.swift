import CIMCore
import NIOCore

/// How a server behaves.
public struct ServerConfiguration: Sendable {
  /// The server's name among the running ones; it stays across restarts.
  public var id: ServerID
  /// The version of the program, for operators.
  public var version: String

  /// A client is told to send a ping when it sent nothing for this long. 10 s by default.
  public var pingInterval = TimeAmount.seconds(10)
  /// A client is disconnected when nothing came from it for this long. 30 s by default.
  public var idleTimeout = TimeAmount.seconds(30)
  /// How long a new connection may take until its hello. 10 s by default.
  public var helloTimeout = TimeAmount.seconds(10)
  /// How long opening a session may take, mostly the route's time. 5 s by default.
  public var openingTimeout = TimeAmount.seconds(5)

  /// How many clients may be connected, those included that have not said hello. 200,000 by default; further ones get
  /// UNAVAILABLE.
  public var maxSessions = 200_000
  /// How many messages of one client may be under way to the log; further ones are refused. 64 by default.
  public var maxSendsInFlight = 64
  /// How many bytes of content they may have together; a single message may have more. 1 MiB by default.
  public var maxSendBytesInFlight = 1024 * 1024
  /// How much may wait for a slow client, in bytes; the client is disconnected when more waits for longer than a tick of
  /// the deadlines, up to 1 s, and at once at twice as much. 8 MiB by default; never less than eight of the longest texts.
  public var maxOutboundBytes = 8 * 1024 * 1024
  /// The longest text that clients are told is accepted, in bytes; routes enforce theirs. 64 KiB by default.
  public var maxTextBytes = 64 * 1024

  /// A link's end pings when it sent nothing for this long; less than the other end's `linkDownAfter`. 1 s by default.
  public var linkPingAfter = TimeAmount.seconds(1)
  /// A link is down when nothing was received for this long. 3 s by default.
  public var linkDownAfter = TimeAmount.seconds(3)
  /// How much may wait for a slow route, in bytes; past it messages to it are refused for now. 64 MiB by default.
  public var maxLinkOutboundBytes = 64 * 1024 * 1024
  /// How many sessions of one event loop are stated again at the same time after a new registration. 64 by default.
  public var maxRestatements = 64

  /// The defaults, for a server of that name.
  public init(id: ServerID, version: String) {
    self.id = id
    self.version = version
  }

  var timeouts: SessionMachine.Timeouts {
    SessionMachine.Timeouts(hello: helloTimeout, opening: openingTimeout, idle: idleTimeout)
  }

  var sendLimits: SendWindow.Limits {
    SendWindow.Limits(count: maxSendsInFlight, bytes: maxSendBytesInFlight)
  }

  /// `maxOutboundBytes`, as it counts.
  var outboundLimit: Int { max(maxOutboundBytes, 8 * maxTextBytes) }

  var linkTiming: LinkHeartbeat.Timing {
    LinkHeartbeat.Timing(pingAfter: linkPingAfter, downAfter: linkDownAfter)
  }

  /// A tick of the deadlines: an eighth of the shortest, 1 s at most.
  var tick: TimeAmount {
    .nanoseconds(
      max(1_000_000, min(1_000_000_000, min(idleTimeout, helloTimeout, openingTimeout).nanoseconds / 8)))
  }
}
