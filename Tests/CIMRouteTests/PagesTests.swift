import CIMCore
import CIMProtos
import CIMRoute
import CIMTestSupport
import Testing

@Suite("Pages of a log", .timeLimit(.minutes(1)))
struct PagesTests {
  @Test("A log is read from its beginning, or from a place, page by page")
  func reading() async throws {
    try await ProbedRoute.run { probed in
      let ann = try await probed.person("ann")
      let entries = try await probed.write(5, to: .lobby, as: ann)
      let first = try await probed.probe.fetch("lobby", limit: 3)
      #expect(first.texts == ["0", "1", "2"] && first.more && first.reset == nil)
      let rest = try await probed.probe.fetch("lobby", after: first.messages.last?.position, limit: 3)
      #expect(rest.texts == ["3", "4"] && !rest.more && rest.reset == nil)
      let none = try await probed.probe.fetch("lobby", after: CimV1.LogPosition(entries[4].position))
      #expect(none.messages.isEmpty && !none.more && none.reset == nil)
      let zero = try await probed.probe.fetch("lobby", after: CimV1.LogPosition(epoch: 0, seq: 0), limit: 1)
      #expect(zero.texts == ["0"] && zero.reset == nil)
      let empty = try await probed.probe.fetch("p:1:2")
      #expect(empty.messages.isEmpty && !empty.more && empty.reset == nil && !empty.unavailable)
    }
  }

  @Test("What was trimmed is named by a reset, and a place right before the rest is no loss")
  func trimmed() async throws {
    var limits = MessageLogLimits.defaults
    limits.entriesPerConversation = 3
    try await ProbedRoute.run(limits: limits) { probed in
      let ann = try await probed.person("ann")
      let entries = try await probed.write(6, to: .lobby, as: ann)
      let places = entries.map { CimV1.LogPosition($0.position) }
      let page = try await probed.probe.fetch("lobby", after: places[0])
      #expect(page.texts == ["3", "4", "5"])
      #expect(
        page.reset
          == CimV1.Reset(conversation: "lobby", after: places[0], next: places[3], until: places[2]))
      let exact = try await probed.probe.fetch("lobby", after: places[2])
      #expect(exact.texts == ["3", "4", "5"] && exact.reset == nil)
      #expect(probed.statistics.resets == 1)
    }
  }

  @Test("A place that the log never had, because it went back, is reset to where the log ends or goes on")
  func rolledBack() async throws {
    try await ProbedRoute.run { probed in
      let ann = try await probed.person("ann")
      let kept = try await probed.write(2, to: .lobby, as: ann)
      let copy = probed.memory.copy()
      let lost = try await probed.write(2, to: .lobby, as: ann)
      probed.memory.failOver(to: copy)
      let after = CimV1.LogPosition(lost[1].position)
      let before = try await probed.probe.fetch("lobby", after: after)
      #expect(before.messages.isEmpty)
      #expect(
        before.reset
          == CimV1.Reset(
            conversation: "lobby", after: after, until: CimV1.LogPosition(kept[1].position)))
      let new = try await probed.write(1, to: .lobby, as: ann)
      let behind = try await probed.probe.fetch("lobby", after: after)
      #expect(behind.messages.map(\.position) == [CimV1.LogPosition(new[0].position)])
      #expect(behind.reset?.until == CimV1.LogPosition(kept[1].position))
      // Whoever had only what was kept just goes on.
      let across = try await probed.probe.fetch("lobby", after: CimV1.LogPosition(kept[1].position))
      #expect(across.messages.count == 1 && across.reset == nil)
    }
  }

  @Test("Late, the lobby is cut to its last messages, and a private conversation is not")
  func late() async throws {
    try await ProbedRoute.run {
      $0.maxLateMessages = 4
    } _: { probed in
      let ann = try await probed.person("ann")
      let bob = try await probed.person("bob")
      let entries = try await probed.write(10, to: .lobby, as: ann)
      let places = entries.map { CimV1.LogPosition($0.position) }
      let late = try await probed.probe.fetch("lobby", after: places[1], limit: 3, isLate: true)
      #expect(late.texts == ["6", "7", "8"] && late.more)
      #expect(
        late.reset?.after == places[1] && late.reset?.next == places[6] && late.reset?.until == places[5])
      let next = try await probed.probe.fetch("lobby", after: places[8], isLate: true)
      #expect(next.texts == ["9"] && next.reset == nil)
      let here = try await probed.probe.fetch("lobby", after: places[1])
      #expect(here.messages.count == 8 && here.reset == nil)

      let direct = Conversation.direct(between: ann.account.id, and: bob.account.id)
      try await probed.write(10, to: direct, as: ann)
      let all = try await probed.probe.fetch("\(direct)", isLate: true)
      #expect(all.messages.count == 10 && all.reset == nil)
    }
  }

  @Test("While the store is away a page says so")
  func unavailable() async throws {
    try await ProbedRoute.run { probed in
      probed.held.fail(.readAfter)
      let page = try await probed.probe.fetch("lobby")
      #expect(page.unavailable && page.messages.isEmpty)
      #expect(try await !probed.probe.fetch("lobby").unavailable)
    }
  }
}
