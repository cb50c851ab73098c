import CIMCore
import CIMProtos
import NIOCore
import Testing

@testable import CIMRoute

@Suite("What is remembered while something is broken")
struct FaultTableTests {
  private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

  private func instance(_ id: String) throws -> ServerInstance {
    ServerInstance(id: try ServerID(id), incarnation: try Incarnation("a"))
  }

  @Test(
    "A user's conversation is kept once, at its highest place, until it has been looked after for long enough"
  )
  func unresolved() {
    typealias Entry = UnresolvedTails.Entry
    var tails = UnresolvedTails(capacity: 2)
    let (one, two, three) = (
      UnresolvedTails.Key(user: UserID(1), conversation: "a"),
      UnresolvedTails.Key(user: UserID(2), conversation: "a"),
      UnresolvedTails.Key(user: UserID(3), conversation: "a")
    )
    func entry(_ seq: UInt64, _ seconds: Int64) -> Entry {
      Entry(position: LogPosition(epoch: 1, seq: seq), until: start + .seconds(seconds))
    }
    let added = [
      tails.add(one, entry(5, 1)), tails.add(one, entry(3, 9)), tails.add(two, entry(1, 1)),
      tails.add(three, entry(1, 9)),
    ]
    #expect(added == [true, true, true, false])
    #expect(tails.take(10, at: start + .seconds(2)) == [one: entry(5, 9)])
    #expect(tails.isEmpty)
  }

  @Test("A kick for a server that is not known yet waits for it, for a while")
  func strayKicks() throws {
    func kick(_ user: UInt64) -> CimV1.KickSession {
      CimV1.KickSession(session: CimV1.SessionRef(userID: user, deviceID: "d", sessionEpoch: 1))
    }
    var kicks = StrayKicks(maxAge: .seconds(10), capacity: 3)
    let (s1, s2) = (try instance("s1"), try instance("s2"))
    kicks.add(kick(1), for: s1, at: start)
    kicks.add(kick(2), for: s2, at: start + .seconds(5))
    kicks.add(kick(3), for: s1, at: start + .seconds(12))
    #expect(kicks.take(for: s1) == [kick(3)])
    #expect(kicks.take(for: s1) == [])
    for user in 4...6 as ClosedRange<UInt64> { kicks.add(kick(user), for: s2, at: start + .seconds(12)) }
    #expect(kicks.take(for: s2) == [kick(4), kick(5), kick(6)])
  }

  @Test(
    "A server that died here is swept at once, one that is only in the store after a grace that the registry was there"
  )
  func deadInstances() throws {
    let (s1, s2, s3) = (try instance("s1"), try instance("s2"), try instance("s3"))
    var dead = DeadInstances(grace: .seconds(10))
    func due(_ seconds: Int64, died: Set<ServerInstance> = [], isCurrent: Bool = true) -> [ServerInstance] {
      dead.due(
        known: [s1, s2, s3], alive: [s1], died: died, isCurrent: isCurrent, at: start + .seconds(seconds))
    }
    #expect(due(0, died: [s3]) == [s3])
    #expect(due(9) == [])
    #expect(due(9, isCurrent: false) == [])
    #expect(due(10) == [], "What the registry did not say may have been news.")
    #expect(due(20) == [s2, s3])
  }

  @Test("A link that is made again, or to a server whose sessions were removed, asks under a name of its own")
  func restating() {
    var rule = RestateRule()
    #expect(rule.up(storeID: "x", link: "r/1") == "x")
    #expect(rule.up(storeID: "y", link: "r/2") == "y/r/2")
    var forced = RestateRule()
    forced.isForced = true
    #expect(forced.up(storeID: nil, link: "r/1") == "/r/1")
    var fresh = RestateRule()
    #expect(fresh.up(storeID: nil, link: "r/1") == nil)
  }
}
