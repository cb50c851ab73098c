import ArgumentParser
import CIMChaos

/// `cim-chaos check`
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Judge the histories that a run has left, once more.")

  @Argument(help: "The run's directory.") var directory: String

  func run() throws {
    let roster = try Roster.read(from: RunDirectory.roster(in: self.directory))
    var histories = Histories(roster, in: self.directory)
    try histories.readOn()
    let verdict = HistoryChecker(
      roster: roster, histories: histories.sorted, living: histories.withClient
    ).check()
    Report.text("\(verdict)")
    if !verdict.isClean { throw ExitCode.failure }
  }
}
