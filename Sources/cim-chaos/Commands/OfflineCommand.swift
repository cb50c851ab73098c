import ArgumentParser
import CIMChaos
import CIMCore
import TestSupport

/// `cim-chaos offline`
struct OfflineCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "offline",
    abstract: "A user is away while many private messages come, and returns.")

  @OptionGroup var options: StageOptions
  @Option(help: "How many messages come meanwhile.") var messages = 10_000

  func run() async throws {
    try await Scenario.run("offline", self.options) { directory in
      let stage = try await Stage.open(self.options.measured, in: directory)
      let name = stage.hosts[0].names[0]
      try stage.hosts[0].tell(.leave(name: name))
      try await stage.wait(for: "\(name) has left", of: [name], within: .seconds(30)) { !$0.isOnline }
      try await self.write(to: name, stage)

      let memory = ResidentMemory()
      let servers = stage.system.servers
      let watching = Task { await memory.watch(servers) }
      try await Task.sleep(for: .seconds(1))
      Report.line("\(name) returns")
      let start = MonotonicClock.milliseconds
      try stage.hosts[0].tell(.enter(name: name))
      let verdict = try await stage.settle(within: .seconds(120))
      try await Task.sleep(for: .seconds(2))
      watching.cancel()
      await watching.value

      let shown =
        stage.histories.all[name]?.lines.filter { line in
          if case .shown = line.event { line.time >= start } else { false }
        }.map(\.time) ?? []
      Report.text("\(verdict)")
      Report.text(
        "\(shown.count) messages, the first after \((shown.first ?? start) - start) ms, the last after \((shown.last ?? start) - start) ms"
      )
      for (id, course) in memory.seen.sorted(by: { $0.key < $1.key }) {
        Report.text("\(id): \(course.first) KiB before, \(course.peak) KiB at most, \(course.last) KiB after")
      }
      return verdict.isClean
    }
  }

  /// All others write to one user, as fast as they can.
  private func write(to name: String, _ stage: Stage) async throws {
    let members = stage.roster.members
    guard let receiver = members.first(where: { $0.name == name }) else { return }
    let senders = members.filter { member in
      member.name != name && stage.hosts.contains { $0.names.contains(member.name) }
    }
    for (index, sender) in senders.enumerated() {
      let share = self.messages / senders.count + (index < self.messages % senders.count ? 1 : 0)
      let host = stage.hosts.first { $0.names.contains(sender.name) }
      try host?.tell(
        .say(name: sender.name, conversation: .direct(between: sender.id, and: receiver.id), count: share))
    }
    try await eventually(within: .seconds(300), "\(self.messages) messages are accepted") {
      let accepted = try stage.check().counts.acceptedPrivate
      if accepted < self.messages { try await Task.sleep(for: .seconds(1)) }
      return accepted >= self.messages
    }
    Report.line("\(self.messages) messages are accepted")
  }
}
