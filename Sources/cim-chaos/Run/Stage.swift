import CIMChaos
import CIMCore
import Foundation
import TestSupport

/// A system with users in it: what every scenario begins with and is judged by.
final class Stage {
  struct Setting: Sendable {
    var system = ChaosSystem.Setting()
    /// Processes of clients, and how many clients each has.
    var hosts = 8
    var clientsPerHost = 3
    var groups = 3
    var seed: UInt64 = 1
    var clientLogLevel = "info"
  }

  let setting: Setting
  let directory: RunDirectory
  let system: ChaosSystem
  let hosts: [ClientHost]
  private(set) var roster: Roster
  private(set) var histories: Histories
  /// Users who come and go in groups, and a user without a client: scenarios start them.
  let visits: Visits
  let service: ServiceSender
  private let watcher: String

  private init(
    _ setting: Setting, _ directory: RunDirectory, _ system: ChaosSystem, _ cast: Cast, watcher: String
  ) throws {
    self.setting = setting
    self.directory = directory
    self.system = system
    self.roster = cast.roster
    self.watcher = watcher
    self.visits = Visits(system, cast.roster, tokens: cast.tokens, seed: setting.seed)
    self.service = try ServiceSender(
      system, cast.service, cast.roster, token: cast.tokens[cast.service.id] ?? "", seed: setting.seed)
    self.histories = Histories(cast.roster, in: directory.path)
    let names = cast.roster.members.map(\.name)
    self.hosts = (0..<setting.hosts).map { index in
      ClientHost(
        id: "clients-\(index + 1)",
        names: Array(names[(index * setting.clientsPerHost)...].prefix(setting.clientsPerHost)),
        // Each begins with another route.
        routes: (0..<system.routes.count).map {
          system.routes[(index + $0) % system.routes.count].clientPort
        },
        seed: setting.seed &+ UInt64(index * 1000), logLevel: setting.clientLogLevel, directory: directory)
    }
  }

  /// Starts a system, makes the accounts and groups, and starts the clients; all are online when it returns.
  static func open(_ setting: Setting, in directory: RunDirectory) async throws -> Stage {
    let system = try await ChaosSystem(setting.system, in: directory)
    let calls = RouteCalls(node: system.routes[0])
    let cast = try await Cast(calls, users: setting.hosts * setting.clientsPerHost, groups: setting.groups)
    let watcher = try await calls.register("watcher").token
    let stage = try Stage(setting, directory, system, cast, watcher: watcher)
    try stage.writeRoster()
    for host in stage.hosts { try host.start() }
    try await stage.wait(for: "all clients are online", within: .seconds(120)) { $0.isOnline }
    try await stage.gatherInLobby()
    Report.line("\(stage.living.count) clients are online")
    return stage
  }

  /// Users whose process is meant to run.
  var living: Set<UserID> {
    let names = Set(self.hosts.filter(\.isUp).flatMap(\.names))
    return Set(self.roster.members.filter { names.contains($0.name) }.map(\.id))
  }

  /// Has all clients together send that many messages a second.
  func setRate(_ rate: Double) throws {
    let clients = self.setting.hosts * self.setting.clientsPerHost
    for host in self.hosts where host.isUp { try host.setRate(rate / Double(clients)) }
  }

  /// Notes for whoever looks at the directory later who took part in what.
  private func writeRoster() throws {
    try self.roster.write(to: RunDirectory.roster(in: self.directory.path))
  }

  /// Takes over who visited which groups.
  func noteVisits() throws {
    let stays = self.visits.stays
    for index in self.roster.groups.indices {
      self.roster.groups[index].stays.merge(stays[self.roster.groups[index].conversation] ?? [:]) { $1 }
    }
    try self.writeRoster()
  }

  /// Waits until the histories of clients, all living ones by default, satisfy a condition.
  func wait(
    for what: String, of names: Set<String>? = nil, within limit: Duration,
    _ condition: (ClientHistory) -> Bool
  ) async throws {
    let living = self.living
    let awaited = { (name: String, history: ClientHistory) in
      names?.contains(name) ?? living.contains(history.user)
    }
    let deadline = ContinuousClock.now + limit
    while true {
      try self.histories.readOn()
      let missing = self.histories.all.filter { awaited($0, $1) && !condition($1) }.keys.sorted()
      if missing.isEmpty { return }
      guard ContinuousClock.now < deadline else {
        let names = missing.prefix(5).joined(separator: ", ")
        throw RunError(
          "not within \(limit): \(what); missing: \(names) and \(max(0, missing.count - 5)) more")
      }
      // Reading takes time that those who are waited for need.
      try await Task.sleep(for: .milliseconds(200))
    }
  }

  /// The place in the lobby from which on it is for all: somebody speaks until everybody has heard something.
  private func gatherInLobby() async throws {
    let speaker = self.hosts[0]
    let hasHeard = { (history: ClientHistory) in history.firstInLobby != nil }
    let quiet = self.roster.members[0].id
    for attempt in 1... {
      try speaker.tell(.say(name: speaker.names[0], conversation: .lobby, count: 1))
      do {
        try await self.wait(for: "everybody hears the lobby", within: .seconds(2)) {
          $0.user == quiet || hasHeard($0)
        }
        break
      } catch let error as RunError {
        guard attempt < 20 else { throw error }
      }
    }
    self.roster.lobbyFrom = self.histories.sorted.compactMap(\.firstInLobby).max()
    try self.writeRoster()
  }

  /// Judges what is there, without what only the end shows.
  func check(_ listings: [HistoryChecker.Listing] = []) throws -> Verdict {
    try self.histories.readOn()
    return HistoryChecker(
      roster: self.roster, histories: self.histories.sorted, living: self.living, listings: listings
    ).check()
  }

  /// Waits until nothing is missing any more.
  ///
  /// - Parameters:
  ///   - limit: How long it waits at most.
  ///   - patience: How long it waits while nothing gets better.
  /// - Returns: what is wrong after that.
  func settle(within limit: Duration, patience: Duration = .seconds(45)) async throws -> Verdict {
    try self.setRate(0)
    let deadline = ContinuousClock.now + limit
    var (best, improved) = (Int.max, ContinuousClock.now)
    while true {
      try self.checkProcesses()
      let verdict = try self.check(try await self.listings())
      let now = ContinuousClock.now
      let healing = verdict.violations.count(where: \.kind.mayHeal) + self.offline.count
      if healing < best { (best, improved) = (healing, now) }
      if healing == 0 || now >= deadline || now - improved > patience {
        if !self.offline.isEmpty { Report.line("not online: \(self.offline.joined(separator: ", "))") }
        return verdict
      }
      try await Task.sleep(for: .milliseconds(500))
    }
  }

  /// Whoever died by itself has crashed.
  ///
  /// - Throws: `RunError` naming it.
  private func checkProcesses() throws {
    let processes =
      self.system.nodes.map { ($0.id, $0.process) } + self.hosts.map { ($0.id, $0.process) }
    for (id, process) in processes {
      if let exit = process?.exitStatus { throw RunError("\(id) ended by itself with \(exit); see its log") }
    }
  }

  /// The living whose last word is not that they are online.
  private var offline: [String] {
    let living = self.living
    return self.histories.all.filter { living.contains($0.value.user) && !$0.value.isOnline }.keys.sorted()
  }

  /// Whom each route lists. One that does not answer lists nobody.
  func listings() async throws -> [HistoryChecker.Listing] {
    var listings: [HistoryChecker.Listing] = []
    for route in self.system.routes where route.process != nil {
      let users = try? await RouteCalls(node: route).onlineUsers(token: self.watcher)
      listings.append(.init(route: route.id, users: users ?? []))
    }
    return listings
  }

  /// Ends everything.
  func close() async throws {
    for host in self.hosts { try await host.kill() }
    try await self.system.close()
  }
}

extension ClientHistory {
  /// The first place of the lobby that the client has seen.
  fileprivate var firstInLobby: LogPosition? {
    for case .shown(let message) in self.lines.lazy.map(\.event) where message.conversation == .lobby {
      return message.position
    }
    return nil
  }
}
