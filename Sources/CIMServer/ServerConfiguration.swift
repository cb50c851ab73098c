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
  /// How much may wait for a slow client, in bytes. Past it no more messages are queued for the client: it gets them from the log
  /// when it has read. A client that goes on asking for answers and reads none is disconnected at twice as much. 1 MiB by
  /// default; 128 KiB at least.
  public var maxOutboundBytes = 1024 * 1024
  /// How many bytes of messages that came before their predecessors are held for one client; what is more is fetched from the
  /// log. 256 KiB by default; at least two of the longest texts.
  public var maxEarlyBytes = 256 * 1024
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

  /// How long a message that is missing may be on its way before it is fetched from the log. 50 ms by default.
  public var holePatience = TimeAmount.milliseconds(50)
  /// How many parts of logs one event loop asks routes for at the same time; each is 256 KiB at most. 32 by default.
  public var maxFetchesInFlight = 32
  /// How many messages a part of a log has at most, 1 to 500. 256 by default.
  public var pageSize = 256
  /// How long a route may take to answer a question about logs before another is asked. 5 s by default.
  public var questionTimeout = TimeAmount.seconds(5)
  /// How often routes are asked what a session may have missed. 5 s by default.
  public var syncInterval = TimeAmount.seconds(5)
  /// How often routes are asked how far the log of a conversation with members here reaches. 30 s by default.
  public var tailsInterval = TimeAmount.seconds(30)

  /// Over what time clients are asked to leave when the server goes away; nil, the default, is half of the grace period.
  public var drainSpread: TimeAmount?

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

  /// `maxOutboundBytes`, as it counts: over the mark from which on a stream tells when it is read.
  var outboundLimit: Int { max(maxOutboundBytes, 128 * 1024) }

  var feedLimits: SessionFeeds.Limits {
    SessionFeeds.Limits(earlyBytes: max(maxEarlyBytes, 2 * maxTextBytes), patience: holePatience)
  }

  var linkTiming: LinkHeartbeat.Timing {
    LinkHeartbeat.Timing(pingAfter: linkPingAfter, downAfter: linkDownAfter)
  }

  /// A tick of the deadlines: an eighth of the shortest, 1 s at most.
  var tick: TimeAmount {
    let shortest = min(
      idleTimeout, helloTimeout, openingTimeout, min(questionTimeout, syncInterval, tailsInterval))
    return .nanoseconds(max(1_000_000, min(1_000_000_000, shortest.nanoseconds / 8)))
  }
}
