import CIMChaos
import CIMCore
import NgRPC
import Synchronization
import TestSupport

/// Sends as other services do: by calls to any route, each with a key, again under the same key until it is answered.
final class ServiceSender: Sendable {
  private let system: ChaosSystem
  private let file: HistoryFile
  private let member: Roster.Member
  private let roster: Roster
  private let token: String
  private let seed: UInt64
  private let isOver = Mutex(false)

  init(_ system: ChaosSystem, _ member: Roster.Member, _ roster: Roster, token: String, seed: UInt64) throws {
    self.system = system
    self.file = try HistoryFile(path: RunDirectory.history(of: member.name, in: system.directory.path))
    self.member = member
    self.roster = roster
    self.token = token
    self.seed = seed
  }

  /// Nothing more; `run` returns when the last message is answered.
  func end() { self.isOver.withLock { $0 = true } }

  /// Sends about four messages a second, one after the other.
  func run() async throws {
    var chatter = Chatter(self.member, in: self.roster, seed: self.seed)
    var counter: UInt64 = 0
    while !self.isOver.withLock({ $0 }) {
      try await Task.sleep(for: chatter.pause(rate: 4))
      counter += 1
      let (conversation, text) = (chatter.conversation(), chatter.text())
      let key = "key-\(counter)"
      try self.file.append([
        .send(SentMessage(producer: "service", conversation: conversation, counter: counter, text: text))
      ])
      try self.file.append([try await self.send(text, to: conversation, key: key)])
    }
  }

  private func send(_ text: String, to conversation: Conversation, key: String) async throws -> HistoryEvent {
    let deadline = ContinuousClock.now + .seconds(90)
    while true {
      for route in self.system.routes {
        do {
          let (position, isDuplicate) = try await RouteCalls(node: route, timeout: .seconds(3))
            .send(text, to: conversation, key: key, token: self.token)
          return .accepted(text: text, position: position, isDuplicate: isDuplicate)
        } catch let error as RPCError {
          guard error.code.mayBeTriedAgain else {
            return .refused(text: text, isUncertain: false, reason: "\(error.code): \(error.message)")
          }
          guard ContinuousClock.now < deadline else {
            return .refused(text: text, isUncertain: true, reason: "no answer within 90 s: \(error.message)")
          }
          try await Task.sleep(for: .milliseconds(100))
        }
      }
    }
  }
}

extension StatusCode {
  /// Whether the same call may do better later, or at another route.
  fileprivate var mayBeTriedAgain: Bool {
    [.unavailable, .resourceExhausted, .deadlineExceeded, .cancelled, .unknown, .aborted].contains(self)
  }
}
