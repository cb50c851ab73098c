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
    user: [Conversation: LogPosition] = [:], joins: [GroupID: LogPosition] = [:]
  ) throws -> SessionStanding {
    SessionStanding(
      question: SyncQuestion(
        device: UserDevice(user: ann, device: try DeviceID("d")), isNew: isNew, said: said, named: named),
      marks: marks.map {
        DirtyMark(conversation: $0, markedAt: Timestamp(milliseconds: 1), isPastLease: isPastLease)
      },
      cursors: DeviceCursors(device: device, user: user), joins: joins)
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

  @Test("The client's word counts more than the device's cursor, and that more than the user's")
  func order() throws {
    #expect(
      try standing(said: [direct: at(1)], device: [direct: at(2)], user: [direct: at(3)]).place(in: direct)
        == .at(at(1)))
    #expect(try standing(device: [direct: at(2)], user: [direct: at(3)]).place(in: direct) == .at(at(2)))
    #expect(try standing(user: [direct: at(3)]).place(in: direct) == .at(at(3)))
    #expect(try standing().place(in: direct) == .at(nil))
    #expect(try standing(said: [direct: .beginning], user: [direct: at(3)]).place(in: direct) == .at(nil))
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
      try standing(said: [group: at(3)], user: [group: at(9)], joins: [groupID: at(5)]).place(in: group)
        == .joining(at(5)))
    #expect(try standing(device: [group: at(5)], joins: [groupID: at(5)]).place(in: group) == .at(at(5)))
    #expect(try standing(user: [group: at(8)], joins: [groupID: at(5)]).place(in: group) == .at(at(8)))
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

  @Test("A mark has done its work past its lease, when one of the user's devices has everything")
  func marks() throws {
    let tails = [direct: at(5)]
    func done(_ standing: SessionStanding) -> [Conversation] {
      standing.doneMarks(tails: tails).map(\.conversation)
    }
    #expect(done(try standing(marks: [direct], user: [direct: at(5)])) == [direct])
    #expect(done(try standing(marks: [direct], user: [direct: at(4)])) == [])
    #expect(done(try standing(marks: [direct], isPastLease: false, user: [direct: at(5)])) == [])
    #expect(try standing(marks: [direct]).doneMarks(tails: [:]).count == 1, "Nothing was appended.")
  }

  @Test("A group's mark has done its work when something from the join on has come, or the user has left")
  func groupMarks() throws {
    func done(_ standing: SessionStanding) -> Int { standing.doneMarks(tails: [group: at(50)]).count }
    #expect(done(try standing(marks: [group], user: [group: at(7)], joins: [groupID: at(7)])) == 1)
    #expect(done(try standing(marks: [group], user: [group: at(6)], joins: [groupID: at(7)])) == 0)
    #expect(done(try standing(marks: [group])) == 1)
  }

  @Test("What the client says of a private conversation that the store does not know is not told")
  func unknown() throws {
    #expect(try !standing(said: [direct: at(3)]).isTold(direct, last: at(3), tail: nil))
    #expect(try standing(marks: [direct]).isTold(direct, last: at(3), tail: nil))
  }
}
