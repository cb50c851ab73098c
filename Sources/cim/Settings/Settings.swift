import CIMCore
import CIMRoute
import Logging
import Redis

/// Everything that can be set.
enum Settings {
  // MARK: Chat

  static let chatName = Setting(
    "chat.name", of: "chat", "name", "The name you chat under; an account is made for a new one.",
    rule: "1 to 64 bytes of text without control characters and ';'", parse: { try? UserName($0) })

  static let chatRoutes = Setting.addresses(
    "chat.route", of: "chat",
    "Where a route listens; may be given several times, and a DNS name may have several addresses. All are tried.",
    fallback: "127.0.0.1:7400")

  static let chatState = Setting(
    "chat.state", of: "chat", "directory",
    "Where the chat keeps which messages it has shown and which are not sent yet; one chat at a time uses it.",
    rule: "a path", fallback: "cim/<route>/<name> in $XDG_STATE_HOME, or else in ~/.local/state",
    parse: { $0.contains("\0") ? nil : $0 })

  // MARK: Route

  static let routeListen = Setting.address(
    "route.listen", of: "route", "Where the route's API listens.", fallback: "0.0.0.0:7400")

  static let routeID = Setting.identifier(
    "route.id", of: "route", "The route's name among the running ones.", fallback: "this machine's name")

  static let routeAdvertise = Setting.address(
    "route.advertise", of: "route", "Where the route is reached, when that is not where it listens.",
    fallback: "where it listens")

  static let routeBalancing = Setting.oneOf(
    "route.balancing", of: "route", "How the route chooses the server for a client.",
    as: Balancing.self, fallback: .roundRobin)

  static let routeLoginPolicy = Setting.oneOf(
    "route.login-policy", of: "route", "Which devices of one user may be online at the same time.",
    as: LoginPolicy.self, fallback: .reject)

  static let redisURL = Setting(
    "redis.url", "url", "The Redis server that keeps accounts, sessions and messages.",
    rule: "a URL such as redis://127.0.0.1:6379 or redis://:password@redis.example:6379/0",
    fallback: "redis://127.0.0.1:6379",
    isSecret: true, parse: { try? RedisAddress(url: $0) })

  static let retentionAge = Setting.duration(
    "retention.age",
    "How long a message is kept; older ones go with the next messages of their conversation.",
    fallback: "720h")

  static let retentionEntries = Setting.number(
    "retention.entries", "How many messages of a conversation are kept, the newest.", in: 1...10_000_000,
    fallback: "10000")

  static let groupMembers = Setting.number(
    "groups.members", "How many members a group may have.", in: 1...1_000_000, fallback: "100000")

  static let markLease = Setting.duration(
    "delivery.mark-lease",
    "How long a message may take into the log after its receiver was marked; past it the receiver is marked again.",
    fallback: "10s")

  static let lateMessages = Setting.number(
    "delivery.late-messages",
    "How many messages of the lobby or of a group a device gets that was away; it is told when there were more.",
    in: 1...1_000_000, fallback: "500")

  static let receiptMembers = Setting.number(
    "receipts.group-members",
    "Up to how many members a group has receipts: who has got and read what. 0: private conversations only.",
    in: 0...1000, fallback: "100")

  static let delayedPerUser = Setting.number(
    "delayed.per-user",
    "How many messages a user may have that are to be sent later, those included that failed within a day.",
    in: 1...100_000, fallback: "1000")

  static let delayedInterval = Setting.duration(
    "delayed.interval", "How often the route looks for delayed messages whose time has come.",
    fallback: "250ms")

  static let delayedLease = Setting.duration(
    "delayed.lease",
    "For how long a delayed message belongs to the route that sends it; when that dies, another sends it so much later.",
    fallback: "5s")

  static let replicas = Setting.number(
    "replication.replicas",
    "How many replicas of Redis must have a message whose sender wants it replicated; without it none is waited for.",
    in: 1...100, fallback: "none")

  static let replicationTimeout = Setting.duration(
    "replication.timeout",
    "How long replicas are waited for; less than 5 s. A message that they are late for is accepted as logged.",
    fallback: "1s")

  // MARK: Operators

  static let adminListen = Setting.address(
    "admin.listen",
    "Where the route listens for operators. Without admin.token it must be an address of this machine only.",
    fallback: "off")

  static let adminRoute = Setting.address(
    "admin.route", of: "admin", "Where the route listens for operators.", fallback: "127.0.0.1:7410")

  static let topRoutes = Setting.addresses(
    "top.routes", of: "top", "Where routes listen for operators, separated by commas.",
    fallback: "127.0.0.1:7410")

  static let topInterval = Setting.duration(
    "top.interval", of: "top", "How often they are asked. Servers tell of themselves every second.",
    fallback: "2s")

  static let adminToken = Setting(
    "admin.token", "token",
    "What operators show to be let in. A flag is seen by everybody on the machine: set it in the environment.",
    rule: OperatorToken.rule, fallback: "none", isSecret: true, parse: { OperatorToken($0) })

  // MARK: Server

  static let serverListen = Setting.address(
    "server.listen", of: "server", "Where clients connect to.", fallback: "0.0.0.0:7500")

  static let serverPushListen = Setting.address(
    "server.push-listen", of: "server", "Where routes connect to: an internal port.", fallback: "0.0.0.0:7600"
  )

  static let serverID = Setting.identifier(
    "server.id", of: "server", "The server's name among the running ones.", fallback: "this machine's name")

  static let serverAdvertise = Setting.address(
    "server.advertise", of: "server", "Where clients reach the server, when that is not where it listens.",
    fallback: "where it listens")

  static let serverPushAdvertise = Setting.address(
    "server.push-advertise", of: "server",
    "Where routes reach the server, when that is not where it listens.",
    fallback: "where it listens")

  static let idleTimeout = Setting.duration(
    "session.idle-timeout", "A client is disconnected when nothing came from it for this long.",
    fallback: "30s")

  static let pingInterval = Setting.duration(
    "session.ping-interval", "Clients send a sign of life when they sent nothing for this long.",
    fallback: "10s")

  static let drainSpread = Setting.duration(
    "shutdown.drain-spread",
    "Over how long a stopping server spreads asking its clients to move; less than shutdown.grace.",
    fallback: "half of shutdown.grace")

  // MARK: Both

  static let zooKeeperConnect = Setting(
    "zookeeper.connect", "host:port",
    "The ZooKeeper servers that know which servers run, separated by commas.",
    rule: "addresses of the form host:port, separated by commas", fallback: "127.0.0.1:2181",
    parse: { text in Settings.chatRoutes.parse(text).map { _ in text } })

  static let zooKeeperSessionTimeout = Setting.duration(
    "zookeeper.session-timeout", "How long after its last sign of life a route or server counts as dead.",
    fallback: "6s")

  static let textBytes = Setting.number(
    "limits.text-bytes", "The longest text of a message, in bytes of UTF-8; also the most of other content.",
    in: 1...1_048_576,
    fallback: "65536")

  static let grace = Setting.duration(
    "shutdown.grace", "How long a stopping process waits for its clients and calls to end.", fallback: "10s")

  static let statisticsInterval = Setting.duration(
    "statistics.interval", "How often what was counted is logged, as one line at the level notice.",
    fallback: "never")

  static let logLevel = Setting.level("log.level", "How much is logged, to standard error.", fallback: "info")

  /// Every key, for the file: one that is not here is a mistake.
  static let keys =
    [
      chatName.key, chatRoutes.key, chatState.key, routeListen.key, routeID.key, routeAdvertise.key,
      routeBalancing.key, routeLoginPolicy.key, redisURL.key, retentionAge.key, retentionEntries.key,
      groupMembers.key,
      markLease.key, lateMessages.key, receiptMembers.key,
      delayedPerUser.key, delayedInterval.key, delayedLease.key, replicas.key, replicationTimeout.key,
      adminListen.key, adminRoute.key,
      topRoutes.key,
      topInterval.key,
      adminToken.key,
      serverListen.key, serverPushListen.key, serverID.key, serverAdvertise.key, serverPushAdvertise.key,
      idleTimeout.key, pingInterval.key, drainSpread.key, zooKeeperConnect.key, zooKeeperSessionTimeout.key,
      textBytes.key, grace.key, statisticsInterval.key, logLevel.key,
    ] + limitKeys
}
