import ArgumentParser
import CIMCore
import CIMRedis
import CIMRoute
import Logging
import NIOCore
import NgRPC
import Redis

/// `cim route`
struct RouteCommand: SettingsCommand {
  static let configuration = CommandConfiguration(
    commandName: "route",
    abstract: "Run a route: accounts, login, the log of messages, and who gets them.",
    discussion: """
      Routes keep nothing of their own: run as many as you like on the same Redis and ZooKeeper.
        cim route --redis-url redis://127.0.0.1:6379 --zookeeper-connect 127.0.0.1:2181

      While Redis or ZooKeeper is away the route tries again, and its health (grpc.health.v1) is NOT_SERVING. SIGTERM \
      or Ctrl-C stops it in good order.
      """)

  @Option(Settings.routeListen) var listen: String?
  @Option(Settings.routeID) var id: String?
  @Option(Settings.routeAdvertise) var advertise: String?
  @Option(Settings.routeBalancing) var balancing: String?
  @Option(Settings.routeLoginPolicy) var loginPolicy: String?
  @Option(Settings.redisURL) var redisUrl: String?
  @Option(Settings.retentionAge) var retentionAge: String?
  @Option(Settings.retentionEntries) var retentionEntries: String?
  @Option(Settings.groupMembers) var groupMembers: String?
  @Option(Settings.markLease) var deliveryMarkLease: String?
  @Option(Settings.lateMessages) var deliveryLateMessages: String?
  @Option(Settings.receiptMembers) var receiptsGroupMembers: String?
  @Option(Settings.delayedPerUser) var delayedPerUser: String?
  @Option(Settings.delayedInterval) var delayedInterval: String?
  @Option(Settings.delayedLease) var delayedLease: String?
  @Option(Settings.replicas) var replicationReplicas: String?
  @Option(Settings.replicationTimeout) var replicationTimeout: String?
  @Option(Settings.adminListen) var adminListen: String?
  @Option(Settings.adminToken) var adminToken: String?
  @OptionGroup var limits: LimitOptions
  @OptionGroup var node: NodeOptions

  var common: CommonOptions { self.node.common }

  var flags: FlagValues {
    var flags = self.node.flags
    flags.merge(self.limits.flags)
    flags.set(Settings.routeListen, self.listen)
    flags.set(Settings.routeID, self.id)
    flags.set(Settings.routeAdvertise, self.advertise)
    flags.set(Settings.routeBalancing, self.balancing)
    flags.set(Settings.routeLoginPolicy, self.loginPolicy)
    flags.set(Settings.redisURL, self.redisUrl)
    flags.set(Settings.retentionAge, self.retentionAge)
    flags.set(Settings.retentionEntries, self.retentionEntries)
    flags.set(Settings.groupMembers, self.groupMembers)
    flags.set(Settings.markLease, self.deliveryMarkLease)
    flags.set(Settings.lateMessages, self.deliveryLateMessages)
    flags.set(Settings.receiptMembers, self.receiptsGroupMembers)
    flags.set(Settings.delayedPerUser, self.delayedPerUser)
    flags.set(Settings.delayedInterval, self.delayedInterval)
    flags.set(Settings.delayedLease, self.delayedLease)
    flags.set(Settings.replicas, self.replicationReplicas)
    flags.set(Settings.replicationTimeout, self.replicationTimeout)
    flags.set(Settings.adminListen, self.adminListen)
    flags.set(Settings.adminToken, self.adminToken)
    return flags
  }

  func run() async throws {
    let settings = try await self.settings()
    let logger = try settings.logger(label: "cim.route")
    let address = try settings.required(Settings.routeListen)
    let advertised = try settings.value(Settings.routeAdvertise)
    let grace = try settings.required(Settings.grace)
    var configuration = RouteConfiguration(
      id: try settings.identifier(Settings.routeID), version: Version.text)
    configuration.balancing = try settings.required(Settings.routeBalancing)
    configuration.loginPolicy = try settings.required(Settings.routeLoginPolicy)
    configuration.maxTextBytes = try settings.required(Settings.textBytes)
    configuration.maxLateMessages = try settings.required(Settings.lateMessages)
    configuration.maxReceiptMembers = try settings.required(Settings.receiptMembers)
    let admin = try settings.adminAccess()
    configuration.limits = try settings.rateLimits()
    let limits = try settings.messageLogLimits()
    var delayed = DelayedLimits.defaults
    delayed.perUser = try settings.required(Settings.delayedPerUser)
    delayed.leaseMilliseconds = try settings.milliseconds(Settings.delayedLease, in: 1000...600_000)
    let interval = try settings.milliseconds(Settings.delayedInterval, in: 10...60_000)
    configuration.delayedInterval = .milliseconds(Int64(interval))
    let redis = RedisClient(address: try settings.required(Settings.redisURL), logger: logger)
    let replication = try settings.replication(logger: logger)
    let registry = try settings.registry(logger: logger)

    let route: RouteService
    do {
      route = try await RouteService(
        configuration, stores: .redis(redis, limits: limits, delayed: delayed, replication: replication),
        registry: registry,
        address: address,
        advertised: { advertised ?? Machine.advertised($0) }, admin: admin, grace: grace, logger: logger)
    } catch let error as RPCError {
      throw SettingError.unusable(Settings.routeListen, value: "\(address)", reason: error.message)
    }
    logger.notice("Route \(configuration.id) listens on \(route.endpoint).")
    if let endpoint = route.adminEndpoint { logger.notice("It listens for operators on \(endpoint).") }
    let statistics = try settings.statistics(of: { route.statistics }, logger: logger)
    try await serve(statistics + [RegistryService(registry: registry), route], logger: logger)
    await redis.shutdown()
    await replication?.client.shutdown()
  }
}

extension SettingsReader {
  /// A time within bounds, in milliseconds.
  fileprivate func milliseconds(
    _ setting: Setting<Duration>, in range: ClosedRange<UInt64>
  ) throws(SettingError) -> UInt64 {
    let time = try self.required(setting)
    let milliseconds = UInt64(time / .milliseconds(1))
    guard range.contains(milliseconds) else {
      throw .unusable(
        setting, value: "\(milliseconds)ms",
        reason: "it must be \(range.lowerBound)ms to \(range.upperBound)ms.")
    }
    return milliseconds
  }

  /// How operators are let in; `nil` when they are not.
  fileprivate func adminAccess() throws(SettingError) -> AdminAccess? {
    guard let address = try self.value(Settings.adminListen) else { return nil }
    return try AdminAccess(address: address, token: try self.value(Settings.adminToken))
  }

  /// How much is kept, and for how long.
  fileprivate func messageLogLimits() throws(SettingError) -> MessageLogLimits {
    var limits = MessageLogLimits.defaults
    limits.entryMilliseconds = UInt64(try self.required(Settings.retentionAge) / .milliseconds(1))
    limits.entriesPerConversation = try self.required(Settings.retentionEntries)
    limits.membersPerGroup = try self.required(Settings.groupMembers)
    limits.markLeaseMilliseconds = UInt64(try self.required(Settings.markLease) / .milliseconds(1))
    return limits
  }

  /// How messages wait for replicas; `nil` when none is to be waited for.
  fileprivate func replication(logger: Logger) throws(SettingError) -> RedisReplication? {
    guard let replicas = try self.value(Settings.replicas) else { return nil }
    return RedisReplication(
      client: RedisClient(address: try self.required(Settings.redisURL), logger: logger), replicas: replicas,
      timeoutMilliseconds: Int(try self.required(Settings.replicationTimeout) / .milliseconds(1)))
  }
}
