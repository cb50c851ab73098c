import ArgumentParser
import CIMChaos
import TestSupport

/// `cim-chaos rolling`
struct RollingCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rolling",
    abstract: "Restart every server and every route under load, one after the other, as an update does.")

  @OptionGroup var options: StageOptions
  @Option(help: "The program that takes the place of --binary, process by process; by default the same.")
  var binaryB: String?
  @Option(help: "How many messages a second are sent, by all clients together.") var rate = 500.0

  func run() async throws {
    try await Scenario.run("rolling", self.options) { directory in
      let stage = try await Stage.open(self.options.measured, in: directory)
      let start = MonotonicClock.milliseconds
      try stage.setRate(self.rate)
      try await Task.sleep(for: .seconds(5))
      for node in stage.system.nodes {
        let time = ContinuousClock.now
        try await node.stop(within: .seconds(60))
        let stopped = ContinuousClock.now
        try node.start(binary: self.binaryB)
        try await node.waitUntilServing()
        Report.line("\(node.id) ended in \(stopped - time) and serves again after \(.now - stopped)")
        // An update waits a moment between two, too.
        try await Task.sleep(for: .seconds(2))
      }
      let verdict = try await stage.settle(within: .seconds(60))
      Report.text("\(verdict)\n\(Timing(stage.histories.sorted, from: start))")
      return verdict.isClean
    }
  }
}
