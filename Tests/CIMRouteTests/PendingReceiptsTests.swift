import CIMCore
import NIOCore
import Testing

@testable import CIMRoute

@Suite("Receipts that wait to be told")
struct PendingReceiptsTests {
  private let ann = UserID(1)
  private let bob = UserID(2)
  private let eve = UserID(3)
  private let pair = Conversation.direct(between: UserID(1), and: UserID(2))

  private func position(_ seq: UInt64) -> LogPosition { LogPosition(epoch: 1, seq: seq) }

  private func move(
    of user: UserID, in conversation: Conversation, _ from: UInt64?, _ to: UInt64
  ) -> MarkMove {
    MarkMove(of: user, in: conversation, from: from.map(position), to: position(to))
  }

  @Test("Many moves of one reader are one, as far as all of them together went")
  func merged() {
    var pending = PendingReceipts(capacity: 2)
    for (from, to) in [(3, 4), (5, 9), (nil, 3), (4, 5)] as [(UInt64?, UInt64)] {
      let isKept = pending.add(move(of: bob, in: pair, from, to), .read)
      #expect(isKept)
    }
    let kept = [
      pending.add(move(of: bob, in: pair, 7, 8), .delivered),
      // There is room for two only, and those known move on.
      pending.add(move(of: ann, in: pair, 1, 2), .read),
      pending.add(move(of: bob, in: pair, 8, 9), .delivered),
    ]
    #expect(kept == [true, false, true])
    let all = pending.takeAll()
    typealias Key = PendingReceipts.Key
    #expect(
      all == [
        Key(conversation: pair, reader: bob, kind: .read): .init(after: .beginning, to: position(9)),
        Key(conversation: pair, reader: bob, kind: .delivered): .init(after: position(7), to: position(9)),
      ])
    #expect(pending.isEmpty)
  }

  @Test("Those are told who said something behind the place where the reader had been")
  func audience() throws {
    let group = Conversation.group(try GroupID("cats"))
    let audience = ReceiptAudience(
      members: [group: [ann, bob, eve], pair: [ann, bob]],
      ends: [
        group: LogEnd(
          position: position(9), loggedAt: Timestamp(milliseconds: 0),
          lastOwn: [ann: position(9), bob: position(8), eve: position(4)])
      ])
    func recipients(_ reader: UserID, after seq: UInt64, in conversation: Conversation) -> [UserID] {
      audience.recipients(
        of: .init(conversation: conversation, reader: reader, kind: .read),
        .init(after: position(seq), to: position(9)))
    }
    #expect(recipients(bob, after: 3, in: group) == [ann, eve])
    #expect(recipients(bob, after: 4, in: group) == [ann])
    #expect(recipients(bob, after: 9, in: group) == [])
    #expect(recipients(bob, after: 0, in: pair) == [], "of that log nothing is known")
    #expect(recipients(bob, after: 0, in: .lobby) == [])
  }

  @Test("A group is taken for too large for a while, and as many are remembered as may be")
  func largeGroups() throws {
    var large = LargeGroups(lifetime: .seconds(60), capacity: 2)
    let groups = try (0..<3).map { try GroupID("g\($0)") }
    let now = NIODeadline.now()
    large.insert(groups[0], at: now)
    #expect(large.contains(groups[0], at: now + .seconds(59)))
    #expect(!large.contains(groups[0], at: now + .seconds(60)))
    large.insert(groups[1], at: now + .seconds(30))
    large.insert(groups[2], at: now + .seconds(61))
    #expect(
      large.contains(groups[1], at: now + .seconds(62)) && large.contains(groups[2], at: now + .seconds(62)))
  }
}
