import CIMCore
import Logging
import NgRPC

extension ChatClient {
  /// Who logs in.
  public enum Identity: Hashable, Sendable {
    /// The account of that name; it is registered when there is none.
    case name(UserName)

    /// An account that exists. The service refuses the login when the name is not that account's.
    case account(Account)
  }

  /// How a client connects, and what it waits for.
  public struct Configuration: Sendable {
    /// Where routes listen; at least one. A host may be a DNS name with several addresses. All are tried in turn.
    public var routes: [Endpoint]

    /// Who logs in.
    public var identity: Identity

    /// What the client keeps beyond its own life: which device it is, how far it has received, what is not answered yet. In memory
    /// by default: then each client is a device of its own, as new as can be. A program whose user comes back wants `FileStorage`, or a
    /// `ClientStorage` on its own database.
    public var storage: any ClientStorage

    /// What kind of device this is, such as "desktop", "mobile" or "web"; unnamed by default. A service may allow one device of
    /// each kind.
    public var deviceKind = DeviceKind.unnamed

    /// When a connection counts as dead.
    public var heartbeat = Heartbeat.defaults

    /// How long to wait between attempts to connect.
    public var reconnect = Backoff.Configuration.defaults

    /// How long the steps of an attempt to connect may take.
    public var timeouts = Timeouts.defaults

    /// What is kept in memory.
    public var limits = Limits.defaults

    /// Where the client logs. The metadata names the user and the device.
    public var logger: Logger

    /// Creates a configuration; everything else has its default.
    public init(
      routes: [Endpoint], identity: Identity, storage: any ClientStorage = InMemoryStorage(),
      logger: Logger = Logger(label: "cim.client")
    ) {
      self.routes = routes
      self.identity = identity
      self.storage = storage
      self.logger = logger
    }
  }

  /// When a connection counts as dead.
  public struct Heartbeat: Hashable, Sendable {
    /// A ping is sent when nothing was sent for this long: 10 s by default. A server that wants pings more often says
    /// so, and is heeded.
    public var pingInterval: Duration

    /// The connection is dead when nothing was received for this long: 30 s by default. It finds a peer that vanished
    /// without closing its connection.
    public var idleTimeout: Duration

    /// A ping after 10 s, dead after 30 s.
    public static let defaults = Self(pingInterval: .seconds(10), idleTimeout: .seconds(30))

    /// States both.
    public init(pingInterval: Duration, idleTimeout: Duration) {
      self.pingInterval = pingInterval
      self.idleTimeout = idleTimeout
    }
  }

  /// How long the steps of an attempt to connect may take.
  public struct Timeouts: Hashable, Sendable {
    /// Registering and logging in, together: 10 s by default.
    public var login: Duration

    /// From the login to the server's welcome: 10 s by default.
    public var welcome: Duration

    /// 10 s each.
    public static let defaults = Self(login: .seconds(10), welcome: .seconds(10))

    /// States both.
    public init(login: Duration, welcome: Duration) {
      self.login = login
      self.welcome = welcome
    }
  }

  /// What is kept in memory.
  public struct Limits: Hashable, Sendable {
    /// Messages sent and not answered yet, all conversations together: 1000 by default. Sending another fails.
    public var unansweredSends: Int

    /// Messages received and not taken from `events` yet: 10,000 by default. Past it the client reads no more until some are taken:
    /// they wait at the service, and so do the answers to what is sent.
    public var unreadMessages: Int

    /// 1000 unanswered, 10,000 unread.
    public static let defaults = Self(unansweredSends: 1000, unreadMessages: 10_000)

    /// States both; each at least 1.
    public init(unansweredSends: Int, unreadMessages: Int) {
      self.unansweredSends = unansweredSends
      self.unreadMessages = unreadMessages
    }
  }
}
