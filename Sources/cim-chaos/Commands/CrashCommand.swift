import ArgumentParser
import CIMChaos
import CIMCore

/// `cim-chaos crash`
struct CrashCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "crash",
    abstract: "Kill a server that has all clients, while two others run.")

  @OptionGroup var options: StageOptions

  func run() async throws {
    try await Scenario.run("crash", self.options) { directory in
      var setting = self.options.measured
      setting.system.servers = 1
      setting.system.spareServers = 2
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
      try await stage.wait(for: "all are back", within: .seconds(120)) { !$0.welcomes(after: start).isEmpty }
      let back = Percentiles(
        stage.histories.sorted.compactMap { $0.welcomes(after: start).first }.map { $0 - start })
      let verdict = try await stage.settle(within: .seconds(60))
      Report.text("\(verdict)")
      Report.text(
        "of \(back.count) clients 50 % were back after \(back[50]) ms, 90 % \(back[90]) ms, 99 % \(back[99]) ms, all \(back[100]) ms"
      )
      let welcomes = stage.histories.sorted.flatMap { $0.welcomes(after: start) }.sorted()
      Report.text("at most \(Self.peak(of: welcomes)) were welcomed within a second")
      return verdict.isClean
    }
  }

  /// How many of these times lie within one second, at most.
  private static func peak(of times: [UInt64]) -> Int {
    var (first, peak) = (0, 0)
    for (index, time) in times.enumerated() {
      while times[first] + 1000 <= time { first += 1 }
      peak = max(peak, index - first + 1)
    }
    return peak
  }
}

extension ClientHistory {
  /// When the client was welcomed after a time.
  fileprivate func welcomes(after time: UInt64) -> [UInt64] {
    self.lines.compactMap { line in
      if case .online = line.event, line.time > time { line.time } else { nil }
    }
  }
}
