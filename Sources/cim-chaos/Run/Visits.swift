import CIMChaos
import CIMCore
import Synchronization
import TestSupport

/// Has visitors join groups and leave them, whatever goes on meanwhile.
final class Visits: Sendable {
  private struct State {
    var stays: [Conversation: [UInt64: [Roster.Group.Stay]]] = [:]
    var isOver = false
  }

  private let system: ChaosSystem
  private let groups: [Roster.Group]
  private let tokens: [UserID: String]
  private let seed: UInt64
  private let state = Mutex(State())

  init(_ system: ChaosSystem, _ roster: Roster, tokens: [UserID: String], seed: UInt64) {
    self.system = system
    self.groups = roster.groups.filter { !$0.visitors.isEmpty }
    self.tokens = tokens
    self.seed = seed
  }

  /// Who was in which group, from where to where.
  var stays: [Conversation: [UInt64: [Roster.Group.Stay]]] { self.state.withLock { $0.stays } }

  /// No further visits; `run` returns when the last change is answered.
  func end() { self.state.withLock { $0.isOver = true } }

  /// Changes somebody's membership a second.
  func run() async throws {
    var random = SplitMix(seed: self.seed &+ 1)
    while !self.state.withLock({ $0.isOver }) {
      try await Task.sleep(for: .milliseconds(Int.random(in: 300...1500, using: &random)))
      guard let group = self.groups.randomElement(using: &random),
        let visitor = group.visitors.sorted().randomElement(using: &random),
        let token = self.tokens[UserID(visitor)], case .group(let id) = group.conversation
      else { return }
      let last = self.stays[group.conversation]?[visitor]?.last
      let isInside = last.map { $0.left == nil } ?? false
      let position = try await self.untilAnswered { calls in
        isInside
          ? try await calls.leaveGroup(id.rawValue, token: token)
          : try await calls.joinGroup(id.rawValue, token: token)
      }
      self.state.withLock { state in
        if isInside, let last {
          state.stays[group.conversation, default: [:]][visitor, default: []].removeLast()
          state.stays[group.conversation, default: [:]][visitor, default: []]
            .append(.init(joined: last.joined, left: position))
        } else {
          state.stays[group.conversation, default: [:]][visitor, default: []].append(.init(joined: position))
        }
      }
    }
  }

  /// Calls one route after the other until one answers: each change can be asked for again.
  private func untilAnswered<Answer>(_ call: (RouteCalls) async throws -> Answer) async throws -> Answer {
    let deadline = ContinuousClock.now + .seconds(60)
    while true {
      for route in self.system.routes {
        do {
          return try await call(RouteCalls(node: route, timeout: .seconds(3)))
        } catch {
          guard ContinuousClock.now < deadline else { throw error }
          try await Task.sleep(for: .milliseconds(100))
        }
      }
    }
  }
}
