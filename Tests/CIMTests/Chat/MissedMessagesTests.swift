import CIMCore
import Testing

@testable import cim

@Suite struct MissedMessagesTests {
  private let team = Conversation.group((try? GroupID("team"))!)

  @Test("What was missed is told once, when no more of it comes", .timeLimit(.minutes(1)))
  func quiet() async {
    let (told, telling) = AsyncStream.makeStream(of: [Conversation: Int].self)
    let missed = MissedMessages(quiet: .milliseconds(50)) { telling.yield($0) }
    for conversation in [.lobby, self.team, .lobby] { await missed.note(conversation) }
    #expect(await told.first { _ in true } == [.lobby: 2, self.team: 1])
  }

  @Test("What was not told yet is told at the end, and nothing twice")
  func flushed() async {
    let (told, telling) = AsyncStream.makeStream(of: [Conversation: Int].self)
    let missed = MissedMessages(quiet: .seconds(3600)) { telling.yield($0) }
    await missed.flush()
    await missed.note(.lobby)
    await missed.flush()
    await missed.flush()
    telling.finish()
    var all: [[Conversation: Int]] = []
    for await counts in told { all.append(counts) }
    #expect(all == [[.lobby: 1]])
  }
}
