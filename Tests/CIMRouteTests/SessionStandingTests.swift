import CIMCore
import Testing

@testable import CIMRoute

@Suite("Where a session stands")
struct SessionStandingTests {
  private let ann = UserID(1)
  private let direct = Conversation.direct(between: UserID(1), and: UserID(2))
  private let foreign = Conversation.direct(between: UserID(2), and: UserID(3))
  private let group: Conversation
  private let groupID: GroupID

  init() throws {
    groupID = try GroupID("g")
    group = .group(groupID)
  }

  private func at(_ seq: UInt64) -> LogPosition { LogPosition(epoch: 1, seq: seq) }

  private func standing(
    isNew: Bool = true, said: [Conversation: LogPosition] = [:], named: Set<Conversation> = [],
    marks: [Conversation] = [], isPastLease: Bool = true, device: [Conversation: LogPosition] = [:],
    user: [Conversation: LogPosition] = [:], joins: [GroupID: LogPosition] = [:], stays: [Stay] = []
  ) throws -> SessionStanding {
    var standing = SessionStanding(
      question: SyncQuestion(
        device: UserDevice(user: ann, device: try DeviceID("d")), isNew: isNew, said: said, named: named),
      marks: marks.map {
        DirtyMark(conversation: $0, markedAt: Timestamp(milliseconds: 1), isPastLease: isPastLease)
      },
      cursors: DeviceCursors(device: device, user: user), joins: joins)
    standing.stays = [groupID: stays]
    return standing
  }

  private func stay(_ joined: UInt64, _ left: UInt64) -> Stay { Stay(joined: at(joined), left: at(left)) }

  private func absence(_ left: UInt64, _ joined: UInt64?) -> GroupPart.Absence {
    GroupPart.Absence(left: at(left), joined: joined.map(at))
  }

  @Test(
    "A new session looks at the lobby, its groups, its marks and all it has cursors in; an old one at its marks"
  )
  func conversations() throws {
    let new = try standing(
      said: [foreign: at(1)], marks: [direct], device: [.lobby: at(1)], joins: [groupID: at(1)])
    #expect(new.conversations == [.lobby, direct, group])
    let old = try standing(isNew: false, named: [foreign], marks: [direct], user: [.lobby: at(1)])
    #expect(old.conversations == [direct])
  }

  @Test("The client's word counts more than the device's cursor, and what another device has counts nothing")
  func order() throws {
    #expect(
      try standing(said: [direct: at(1)], device: [direct: at(2)], user: [direct: at(3)]).place(in: direct)
        == .at(at(1)))
    #expect(try standing(device: [direct: at(2)], user: [direct: at(3)]).place(in: direct) == .at(at(2)))
    #expect(try standing(user: [direct: at(3)]).place(in: direct) == .at(nil))
    #expect(try standing().place(in: direct) == .at(nil))
    #expect(try standing(said: [direct: .beginning], device: [direct: at(3)]).place(in: direct) == .at(nil))
  }

  @Test("A new device is at the lobby's tail, one that began when it was empty is at its beginning")
  func lobby() throws {
    #expect(try standing(user: [.lobby: at(3)]).place(in: .lobby) == .tail)
    #expect(try standing(device: [.lobby: .beginning]).place(in: .lobby) == .at(nil))
    #expect(try standing(device: [.lobby: at(4)]).place(in: .lobby) == .at(at(4)))
  }

  @Test("Of a group nothing is told that was said before the user joined")
  func groups() throws {
    #expect(try standing(joins: [groupID: at(5)]).place(in: group) == .joining(at(5)))
    #expect(
      try standing(said: [group: at(3)], device: [group: at(9)], joins: [groupID: at(5)]).place(in: group)
        == .joining(at(5)))
    #expect(try standing(device: [group: at(5)], joins: [groupID: at(5)]).place(in: group) == .at(at(5)))
    #expect(try standing(device: [group: at(8)], joins: [groupID: at(5)]).place(in: group) == .at(at(8)))
    #expect(try standing(user: [group: at(8)], joins: [groupID: at(5)]).place(in: group) == .joining(at(5)))
  }

  @Test("A new session is told of all in which something can happen, an old one only of what it lacks")
  func told() throws {
    let new = try standing(marks: [direct], joins: [groupID: at(1)])
    for conversation in [.lobby, group, direct] as [Conversation] {
      #expect(new.isTold(conversation, last: at(5), tail: at(5)))
    }
    #expect(try !standing(device: [direct: at(5)]).isTold(direct, last: at(5), tail: at(5)))
    let old = try standing(isNew: false, marks: [direct, group])
    #expect(!old.isTold(direct, last: at(5), tail: at(5)))
    #expect(old.isTold(direct, last: at(4), tail: at(5)))
    #expect(old.isTold(direct, last: at(6), tail: at(5)), "The log went back: it lacks the reset.")
    #expect(old.isTold(group, last: at(5), tail: at(5)), "The mark may be all that tells of the membership.")
    #expect(try standing(isNew: false, named: [direct]).isTold(direct, last: at(5), tail: at(5)))
  }

  @Test(
    "A mark has done its work past its lease, when each of the user's devices that are online has everything")
  func marks() throws {
    let tails = [direct: at(5)]
    func done(_ standing: SessionStanding) -> [Conversation] {
      standing.doneMarks(tails: tails).map(\.conversation)
    }
    let whole = try standing(marks: [direct], device: [direct: at(5)])
    #expect(done(whole) == [direct])
    #expect(done(try standing(marks: [direct], device: [direct: at(4)])) == [])
    #expect(done(try standing(marks: [direct], user: [direct: at(5)])) == [])
    #expect(done(try standing(marks: [direct], isPastLease: false, device: [direct: at(5)])) == [])
    #expect(whole.doneMarks(tails: tails, others: [[direct: at(5)], [direct: at(6)]]).count == 1)
    #expect(whole.doneMarks(tails: tails, others: [[direct: at(5)], [direct: at(4)]]).isEmpty)
    #expect(whole.doneMarks(tails: tails, others: [[:]]).isEmpty)
    #expect(try standing(marks: [direct]).doneMarks(tails: [:]).count == 1, "Nothing was appended.")
  }

  @Test("A group's mark has done its work when something from the join on has come, or the user has left")
  func groupMarks() throws {
    func done(_ standing: SessionStanding) -> Int { standing.doneMarks(tails: [group: at(50)]).count }
    #expect(done(try standing(marks: [group], device: [group: at(7)], joins: [groupID: at(7)])) == 1)
    #expect(done(try standing(marks: [group], device: [group: at(6)], joins: [groupID: at(7)])) == 0)
    #expect(done(try standing(marks: [group])) == 1)
  }

  @Test("Of a stay that ended all is told that the session does not have")
  func endedStay() throws {
    let away = try standing(device: [group: at(5)], stays: [stay(3, 9)])
    #expect(away.conversations.contains(group))
    #expect(away.place(in: group) == .at(at(5)))
    #expect(away.part(in: group)?.absences == [absence(9, nil)])
    #expect(away.part(in: group)?.end == at(9))
    #expect(try standing(device: [group: at(1)], stays: [stay(3, 9)]).place(in: group) == .joining(at(3)))
    let unheard = try standing(isNew: false, marks: [group], stays: [stay(3, 9)])
    #expect(unheard.conversations == [group] && unheard.place(in: group) == .joining(at(3)))
    #expect(try !standing(device: [group: at(9)], stays: [stay(3, 9)]).conversations.contains(group))
    #expect(try !standing(said: [group: at(9)], stays: [stay(3, 9)]).conversations.contains(group))
  }

  @Test(
    "Of several stays those that the session does not have are told, and when the user was out between them")
  func severalStays() throws {
    let stays = [stay(3, 9), stay(20, 29), stay(40, 49)]
    func part(_ known: UInt64?, join: UInt64?) throws -> GroupPart? {
      try standing(
        device: known.map { [group: at($0)] } ?? [:], joins: join.map { [groupID: at($0)] } ?? [:],
        stays: stays
      ).part(in: group)
    }
    #expect(try part(nil, join: nil)?.place == .joining(at(3)))
    #expect(
      try part(nil, join: nil)?.absences == [absence(9, 20), absence(29, 40), absence(49, nil)])
    #expect(try part(9, join: 60)?.place == .joining(at(20)))
    #expect(try part(15, join: 60)?.absences == [absence(29, 40), absence(49, 60)])
    #expect(try part(25, join: 60)?.place == .at(at(25)) && part(25, join: 60)?.end == nil)
    #expect(try part(49, join: 60)?.place == .joining(at(60)))
    #expect(try part(49, join: 60)?.absences == [])
    #expect(try part(61, join: 60)?.place == .at(at(61)))
    #expect(try part(45, join: 40)?.end == at(49), "It was left since the joins were read.")
  }

  @Test(
    "Ended stays are looked up of groups that the user may have been in, and of which a member lacks the join"
  )
  func lookUps() throws {
    #expect(try standing(said: [group: at(1)]).groupsToLookUp == [groupID])
    #expect(try standing(user: [group: at(1)]).groupsToLookUp == [groupID])
    #expect(try standing(joins: [groupID: at(3)]).groupsToLookUp == [groupID])
    #expect(try standing(device: [group: at(3)], joins: [groupID: at(3)]).groupsToLookUp == [])
    #expect(try standing(isNew: false, marks: [group]).groupsToLookUp == [groupID])
    #expect(try standing(isNew: false, device: [group: at(1)], joins: [groupID: at(3)]).groupsToLookUp == [])
  }

  @Test("A mark of a group that was left has done its work when the user has all until then")
  func endedMarks() throws {
    func done(_ reached: UInt64?, join: UInt64? = nil) throws -> Int {
      try standing(
        marks: [group], device: reached.map { [group: at($0)] } ?? [:],
        joins: join.map { [groupID: at($0)] } ?? [:], stays: [stay(3, 9)]
      ).doneMarks(tails: [group: at(50)]).count
    }
    #expect(try done(nil) == 0)
    #expect(try done(8) == 0)
    #expect(try done(9) == 1)
    #expect(try done(9, join: 12) == 0)
    #expect(try done(12, join: 12) == 1)
  }

  @Test("What the client says of a private conversation that the store does not know is not told")
  func unknown() throws {
    #expect(try !standing(said: [direct: at(3)]).isTold(direct, last: at(3), tail: nil))
    #expect(try standing(marks: [direct]).isTold(direct, last: at(3), tail: nil))
  }
}
