import ArgumentParser
import CIMChaos
import CIMCore
import Foundation
import TestSupport

/// `cim-chaos crash`
struct CrashCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "crash",
    abstract: "Kill a server that has all clients, while two others run.")

  @OptionGroup var options: StageOptions

  func run() async throws {
    try await Scenario.run("crash", self.options) { directory in
      var setting = self.options.setting
      setting.system.servers = 1
      setting.system.spareServers = 2
      setting.system.environment["CIM_STATISTICS_INTERVAL"] = "100ms"
      let stage = try await Stage.open(setting, in: directory)
      for server in stage.system.spares {
        try server.start()
        try await server.waitUntilServing()
      }
      // Until every route is linked to them.
      try await Task.sleep(for: .seconds(3))
      Report.line("the server is killed")
      let start = MonotonicClock.milliseconds
      try await stage.system.servers[0].kill()
      try await stage.wait(for: "all are back", within: .seconds(120)) { $0.online(after: start) != nil }
      let back = Percentiles(
        stage.histories.sorted.compactMap { $0.online(after: start) }.map { $0 - start })
      let verdict = try await stage.settle(within: .seconds(60))
      Report.text("\(verdict)")
      Report.text(
        "of \(back.count) clients 50 % were back after \(back[50]) ms, 90 % \(back[90]) ms, 99 % \(back[99]) ms, all \(back[100]) ms"
      )
      for route in stage.system.routes {
        Report.text(
          "\(route.id): at most \(try Self.peak(of: "logins", route, directory)) logins within a second")
      }
      return verdict.isClean
    }
  }

  /// The most that a counter grew within a second, which is ten lines.
  private static func peak(of counter: String, _ node: CimNode, _ directory: RunDirectory) throws -> Int {
    try directory.logs(of: node.id).map { path in
      let log = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
      let values = StatisticsLog.all(in: log).map { $0[counter] ?? 0 }
      return zip(values.dropFirst(10), values).map { $0 - $1 }.max() ?? 0
    }.max() ?? 0
  }
}

extension ClientHistory {
  /// When the client was welcomed first after a time.
  fileprivate func online(after time: UInt64) -> UInt64? {
    self.lines.first { line in
      if case .online = line.event { line.time > time } else { false }
    }?.time
  }
}
