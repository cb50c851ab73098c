import ArgumentParser
import CIMCore
import CIMZooKeeper
import Logging
import ServiceLifecycle
import UnixSignals

/// What `cim route` and `cim server` have in common.
struct NodeOptions: ParsableArguments {
  @Option(Settings.zooKeeperConnect) var zookeeperConnect: String?
  @Option(Settings.zooKeeperSessionTimeout) var zookeeperSessionTimeout: String?
  @Option(Settings.textBytes) var limitsTextBytes: String?
  @Option(Settings.grace) var shutdownGrace: String?
  @Option(Settings.statisticsInterval) var statisticsInterval: String?
  @OptionGroup var common: CommonOptions

  /// The flags that were given.
  var flags: FlagValues {
    var flags = self.common.flags
    flags.set(Settings.zooKeeperConnect, self.zookeeperConnect)
    flags.set(Settings.zooKeeperSessionTimeout, self.zookeeperSessionTimeout)
    flags.set(Settings.textBytes, self.limitsTextBytes)
    flags.set(Settings.grace, self.shutdownGrace)
    flags.set(Settings.statisticsInterval, self.statisticsInterval)
    return flags
  }
}

extension SettingsReader {
  /// Logs to standard error.
  func logger(label: String) throws(SettingError) -> Logger {
    var logger = Logger(label: label) { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = try self.required(Settings.logLevel)
    return logger
  }

  /// The registry that was set.
  func registry(logger: Logger) throws(SettingError) -> ZooKeeperServerRegistry {
    ZooKeeperServerRegistry(
      ZooKeeperServerRegistry.Configuration(
        servers: try self.required(Settings.zooKeeperConnect),
        sessionTimeout: try self.required(Settings.zooKeeperSessionTimeout)),
      logger: logger)
  }

  /// The id that was set, or the machine's name.
  func identifier(_ setting: Setting<ServerID>) throws(SettingError) -> ServerID {
    if let id = try self.value(setting) { return id }
    guard let id = try? ServerID(Machine.name) else {
      throw .unusable(
        setting, value: "this machine's name, \"\(Machine.name)\",", reason: "it is not \(setting.rule).")
    }
    return id
  }
}

extension SettingsReader {
  /// What logs the counters, first in the list of services, so that it is stopped last; empty when nobody wants that.
  func statistics<Statistics: Sendable>(
    of statistics: @escaping @Sendable () -> Statistics, logger: Logger
  ) throws(SettingError) -> [any Service] {
    guard let interval = try self.value(Settings.statisticsInterval) else { return [] }
    return [StatisticsService(interval: interval, statistics: statistics, logger: logger)]
  }
}

/// Runs services until one fails or the process is asked to stop, by SIGTERM or SIGINT. They are stopped in the reverse
/// order.
func serve(_ services: [any Service], logger: Logger) async throws {
  var configuration = ServiceGroupConfiguration(
    services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
  // A second thought of whoever waits for the end.
  configuration.cancellationSignals = [.sigquit]
  try await ServiceGroup(configuration: configuration).run()
}
