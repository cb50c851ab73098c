import CIMCore
import NIOCore

/// How a route behaves.
public struct RouteConfiguration: Sendable {
  /// The route's name among the running ones; it stays across restarts.
  public var id: ServerID
  /// The version of the program, for operators.
  public var version: String

  /// How servers are chosen for clients. One after the other by default.
  public var balancing = Balancing.roundRobin

  /// Which devices of one user may be online at the same time. One by default, and others are refused.
  public var loginPolicy = LoginPolicy.reject

  /// How often users, devices and addresses may do things. Without limits by default.
  public var limits = RateLimits.none

  /// The longest text of a message, in bytes of UTF-8, at least 1; also how many bytes other content may have in all its
  /// fields. 64 KiB by default.
  public var maxTextBytes = 64 * 1024
  /// How many messages to one conversation may wait for their turn; further ones are refused. 1024 by default.
  public var maxQueuedPerConversation = 1024
  /// How many messages may wait in all; further ones are refused. 16,384 by default.
  public var maxQueued = 16_384
  /// How many accounts are kept in memory. 65,536 by default.
  public var maxKnownAccounts = 65_536

  /// A link's end pings when it sent nothing for this long; less than the other end's `linkDownAfter`. 1 s by default.
  public var linkPingAfter = TimeAmount.seconds(1)
  /// A link is down when nothing was received for this long. 3 s by default.
  public var linkDownAfter = TimeAmount.seconds(3)
  /// How many messages may be on their way to one server and not acknowledged; further ones are fetched by it from the log.
  /// 8192 by default.
  public var maxLinkDeliveries = 8192
  /// How many bytes these may have. 16 MiB by default.
  public var maxLinkDeliveryBytes = 16 * 1024 * 1024
  /// For how many conversations and sessions of one server it is remembered that something was not sent; past it the server
  /// is told to ask for all its sessions. 65,536 by default.
  public var maxPendingTails = 65_536
  /// The longest frame that a server may send, in bytes; it has to carry what a client may send. 16 MiB by default.
  public var maxLinkMessageBytes = 16 * 1024 * 1024
  /// How long a session may be in the store and unknown to its server before it is removed; longer than opening one
  /// takes. 6 s by default.
  public var unknownSessionGrace = TimeAmount.seconds(6)

  /// How long a server may be in use elsewhere before this route has heard of it; one that is unknown for longer is dead, and
  /// its sessions are removed. 10 s by default.
  public var unknownServerGrace = TimeAmount.seconds(10)
  /// How often dead servers are looked for. 1 s by default.
  public var sweepInterval = Duration.seconds(1)

  /// How often servers are asked for the sessions that the store says they have. 30 s by default.
  public var auditInterval = Duration.seconds(30)

  /// How many missed messages of the lobby or of a group a returning device gets; of more only the last ones, and it is told
  /// that there were others. 500 by default.
  public var maxLateMessages = 500
  /// How many acknowledgements of devices, and how many senders who wait for one, are kept in memory. 65,536 by default.
  public var maxPendingAcks = 65_536

  /// Up to how many members a group has receipts; in larger ones nobody is told who has got and read what. 100 by default; 0 means
  /// in private conversations only.
  public var maxReceiptMembers = 100
  /// For how long receipts are collected, so that many are told as one. 200 ms by default.
  public var receiptInterval = Duration.milliseconds(200)
  /// How many readers' news are kept meanwhile; of further ones the senders are not told. 65,536 by default.
  public var maxPendingReceipts = 65_536

  /// How often delayed messages are looked for whose time has come: by so much, and what sending takes, they are late. 250 ms by
  /// default.
  public var delayedInterval = TimeAmount.milliseconds(250)
  /// How many delayed messages this route may be sending. 256 by default.
  public var maxDelayed = 256

  /// How often the stores are asked for a sign of life. 1 s by default.
  public var probeInterval = Duration.seconds(1)

  /// The defaults, for a route of that name.
  public init(id: ServerID, version: String) {
    self.id = id
    self.version = version
  }

  var outboxLimits: LinkOutbox.Limits {
    LinkOutbox.Limits(
      window: DeliveryWindow.Limits(count: maxLinkDeliveries, bytes: maxLinkDeliveryBytes),
      tails: maxPendingTails, kicks: 4096)
  }

  var receiptRules: ReceiptRules {
    ReceiptRules(maxMembers: maxReceiptMembers, interval: receiptInterval, maxPending: maxPendingReceipts)
  }

  var linkTiming: LinkHeartbeat.Timing {
    LinkHeartbeat.Timing(pingAfter: linkPingAfter, downAfter: linkDownAfter)
  }
}
