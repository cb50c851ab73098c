import ArgumentParser
import Foundation
import TestSupport

/// What every scenario takes.
struct StageOptions: ParsableArguments {
  @Option(help: "What all random choices follow from.") var seed: UInt64 = .random(in: 1...999_999)
  @Option(help: "How many routes.") var routes = 2
  @Option(help: "How many servers.") var servers = 3
  @Option(help: "How many processes of clients.") var hosts = 8
  @Option(help: "How many clients each of them has.") var clients = 3
  @Option(help: "How many groups.") var groups = 3
  @Option(help: "The program cim to run; by default the one that was built along with this.")
  var binary = Repository.cim
  @Option(help: "How much routes, servers and clients log.") var logLevel = "info"
  @Flag(help: "Keep the run's directory also after a success.") var keep = false

  var setting: Stage.Setting {
    var setting = Stage.Setting()
    setting.system.routes = self.routes
    setting.system.servers = self.servers
    setting.system.binary = self.binary
    setting.system.logLevel = self.logLevel
    setting.hosts = self.hosts
    setting.clientsPerHost = self.clients
    setting.groups = self.groups
    setting.seed = self.seed
    setting.clientLogLevel = self.logLevel
    return setting
  }

  /// The same with nothing between clients, routes and servers.
  var measured: Stage.Setting {
    var setting = self.setting
    setting.system.hasRelays = false
    return setting
  }
}
