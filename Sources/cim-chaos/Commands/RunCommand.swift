import ArgumentParser
import CIMChaos
import TestSupport

/// `cim-chaos run`
struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Load, faults of every kind, and a verdict.",
    discussion: """
      Prints the seed, what was done, counts, and the verdict; the exit code is 0 when every promise was kept and \
      everything was met that is hard to keep them in. The same seed gives the same faults at the same times. After a \
      failure the run's directory is kept, with all histories and logs.
      """)

  @OptionGroup var options: StageOptions
  @Option(help: "How many faults.") var faults = 40
  @Option(help: "Over how many seconds they are spread.") var span = 170
  @Option(help: "How many messages have to be accepted.") var messages = 10_000
  @Option(help: "How many messages a second are sent, by all clients together.") var rate = 80.0
  @Flag(help: "Few faults, and not all that should be met needs to be.") var short = false

  func run() async throws {
    try await Scenario.run("run", self.options) { directory in
      let schedule = FaultSchedule(seed: self.options.seed, count: self.faults, span: self.span * 1000)
      Report.text("seed \(schedule.seed), \(schedule.faults.count) faults over \(self.span) s:\n\(schedule)")
      let stage = try await Stage.open(self.options.setting, in: directory)
      let nemesis = Nemesis(stage.system, hosts: stage.hosts)
      try stage.setRate(self.rate)
      let (visits, service) = (stage.visits, stage.service)
      try await withThrowingTaskGroup { group in
        group.addTask { try await visits.run() }
        group.addTask { try await service.run() }
        group.addTask {
          try await nemesis.carryOut(schedule)
          visits.end()
          service.end()
        }
        try await group.waitForAll()
      }
      try stage.noteVisits()
      try await self.waitForMessages(stage)
      return try await self.judge(stage, nemesis)
    }
  }

  /// Goes on without faults until enough was accepted.
  private func waitForMessages(_ stage: Stage) async throws {
    var accepted = 0
    try await eventually(within: .seconds(300), "\(self.messages) messages are accepted") {
      accepted = try stage.check().counts.accepted
      if accepted < self.messages { try await Task.sleep(for: .seconds(1)) }
      return accepted >= self.messages
    }
  }

  private func judge(_ stage: Stage, _ nemesis: Nemesis) async throws -> Bool {
    Report.line("the faults are over")
    let verdict = try await stage.settle(within: .seconds(90))
    Report.line("settled")
    let farewell = try await Farewell(stage).run()
    var coverage = Coverage()
    for counters in try stage.system.counters { coverage.add(counters) }
    for fault in nemesis.faults { coverage.add(fault) }
    Report.text("seed \(self.options.seed)\n\(coverage)\n\(verdict)")
    if !farewell.isEmpty {
      Report.text(farewell.map { "  after the farewell: \($0)" }.joined(separator: "\n"))
    }
    let missing = self.short ? [] : coverage.missing
    if !missing.isEmpty { Report.text("never met: \(missing.joined(separator: ", "))") }
    return verdict.isClean && farewell.isEmpty && missing.isEmpty
  }
}
