import CIMCore
import NIOCore
import Testing

@Suite("Group store")
struct GroupStoreTests {
  private let friends = try! GroupID("friends")
  private let joined = ByteBuffer(string: "joined")
  private let left = ByteBuffer(string: "left")

  @Test("A group begins with its owner, and its log with the entry that says so", arguments: StoreForm.all)
  func create(form: StoreForm) async throws {
    try await form.withStores { stores in
      let entry = try #require(try await stores.groups.create(friends, owner: .ada, content: joined))
      #expect(entry.position.seq == 1)
      #expect(entry.previous == nil)
      #expect(entry.sender == .ada)
      #expect(try await stores.log.read(.friends, after: nil, limit: 10) == [entry])
      #expect(try await stores.groups.groups(of: Account.ada.id) == [friends: entry.position])
      #expect(try await stores.groups.members(of: friends, after: nil, limit: 10) == [Account.ada.id])
      #expect(try await stores.groups.membership(of: Account.ada.id, in: friends) == entry.position)
      #expect(try await stores.groups.create(friends, owner: .bob, content: joined) == nil)
      #expect(try await stores.groups.groups(of: Account.bob.id).isEmpty)
    }
  }

  @Test("Joining and leaving are entries of the log, once each", arguments: StoreForm.all)
  func joinAndLeave(form: StoreForm) async throws {
    try await form.withStores { stores in
      let created = try #require(try await stores.groups.create(friends, owner: .ada, content: joined))
      guard case .changed(let join) = try await stores.groups.join(friends, .bob, content: joined) else {
        Issue.record("bob did not join")
        return
      }
      #expect(join.previous == created.position)
      #expect(join.sender == .bob)
      #expect(
        try await stores.groups.join(friends, .bob, content: joined) == .unchanged(since: join.position))
      #expect(try await stores.groups.groups(of: Account.bob.id) == [friends: join.position])
      guard case .changed(let leave) = try await stores.groups.leave(friends, .bob, content: left) else {
        Issue.record("bob did not leave")
        return
      }
      #expect(leave.previous == join.position)
      #expect(leave.text == "left")
      #expect(
        try await stores.groups.leave(friends, .bob, content: left) == .unchanged(since: leave.position))
      #expect(try await stores.groups.groups(of: Account.bob.id).isEmpty)
      #expect(try await stores.groups.membership(of: Account.bob.id, in: friends) == nil)
      #expect(
        try await stores.groups.formerStays(of: Account.bob.id, in: [friends])
          == [friends: [Stay(joined: join.position, left: leave.position)]])
      #expect(try await stores.groups.formerStays(of: Account.ada.id, in: [friends]).isEmpty)
      #expect(try await stores.log.read(.friends, after: nil, limit: 10) == [created, join, leave])
      guard case .changed(let again) = try await stores.groups.join(friends, .bob, content: joined) else {
        Issue.record("bob did not join again")
        return
      }
      #expect(try await stores.groups.groups(of: Account.bob.id) == [friends: again.position])
      #expect(
        try await stores.groups.formerStays(of: Account.bob.id, in: [friends])
          == [friends: [Stay(joined: join.position, left: leave.position)]])
    }
  }

  @Test("Of stays that have ended the last 16 are known, whoever joins again", arguments: StoreForm.all)
  func formerStays(form: StoreForm) async throws {
    try await form.withStores { stores in
      _ = try await stores.groups.create(friends, owner: .ada, content: joined)
      var stays: [Stay] = []
      for _ in 1...(Stay.remembered + 2) {
        guard case .changed(let join) = try await stores.groups.join(friends, .bob, content: joined),
          case .changed(let leave) = try await stores.groups.leave(friends, .bob, content: left)
        else {
          Issue.record("bob did not come and go")
          return
        }
        stays.append(Stay(joined: join.position, left: leave.position))
      }
      _ = try await stores.groups.join(friends, .bob, content: joined)
      let unknown = try GroupID("unknown")
      let found = try await stores.groups.formerStays(of: Account.bob.id, in: [friends, unknown])
      #expect(found == [friends: stays.suffix(Stay.remembered)])
    }
  }

  @Test(
    "A group whose last member has left is still there; one that never was is not", arguments: StoreForm.all)
  func existence(form: StoreForm) async throws {
    try await form.withStores { stores in
      #expect(try await stores.groups.join(friends, .bob, content: joined) == .noGroup)
      #expect(try await stores.groups.leave(friends, .bob, content: left) == .noGroup)
      #expect(try await stores.groups.members(of: friends, after: nil, limit: 1) == nil)
      #expect(try await stores.log.tail(of: .friends) == nil)
      _ = try await stores.groups.create(friends, owner: .ada, content: joined)
      #expect(try await stores.groups.leave(friends, .bob, content: left) == .unchanged(since: nil))
      _ = try await stores.groups.leave(friends, .ada, content: left)
      #expect(try await stores.groups.members(of: friends, after: nil, limit: 1) == [])
      #expect(try await stores.groups.create(friends, owner: .bob, content: joined) == nil)
      guard case .changed = try await stores.groups.join(friends, .bob, content: joined) else {
        Issue.record("bob could not join the empty group")
        return
      }
    }
  }

  @Test("Only members may append: the refusal is final, and that of their time", arguments: StoreForm.all)
  func membersOnly(form: StoreForm) async throws {
    try await form.withStores { stores in
      func say(_ counter: UInt64, by sender: Account) async throws -> AppendOutcome {
        try await stores.log.append(
          .saying("\(counter)", in: .friends, by: sender, .producer(.outbox, counter: counter)))
      }
      #expect(try await say(1, by: .bob) == .refused(.notAMember))
      _ = try await stores.groups.create(friends, owner: .ada, content: joined)
      #expect(try await say(2, by: .bob) == .refused(.notAMember))
      _ = try await stores.groups.join(friends, .bob, content: joined)
      #expect(try await say(2, by: .bob) == .refused(.notAMember))
      let accepted = try await say(3, by: .bob)
      let entry = try #require(accepted.entry)
      _ = try await stores.groups.leave(friends, .bob, content: left)
      #expect(try await say(3, by: .bob) == .accepted(entry, duplicate: true, isReplicated: false))
      #expect(try await say(4, by: .bob) == .refused(.notAMember))
      #expect(
        try await stores.log.append(.saying("x", in: .friends, by: .bob)) == .refused(.notAMember))
    }
  }

  @Test(
    "Of many who join at once no more do than a group may have; who leaves makes room",
    arguments: StoreForm.all)
  func full(form: StoreForm) async throws {
    var limits = MessageLogLimits.defaults
    limits.membersPerGroup = 3
    try await form.withStores(limits: limits) { stores in
      let (friends, joined) = (friends, joined)
      _ = try await stores.groups.create(friends, owner: .ada, content: joined)
      let outcomes = try await concurrently(8) { index in
        let user = Account(id: UserID(UInt64(index) + 10), name: try UserName("user \(index)"))
        return try await stores.groups.join(friends, user, content: joined)
      }
      #expect(outcomes.count { $0 == .full(members: 3) } == 6)
      #expect(try await stores.groups.members(of: friends, after: nil, limit: 9)?.count == 3)
      #expect(try await stores.groups.join(friends, .bob, content: joined) == .full(members: 3))
      #expect(try await stores.groups.groups(of: Account.bob.id).isEmpty)
      guard case .unchanged = try await stores.groups.join(friends, .ada, content: joined) else {
        Issue.record("a member is told something else")
        return
      }
      _ = try await stores.groups.leave(friends, .ada, content: left)
      guard case .changed = try await stores.groups.join(friends, .bob, content: joined) else {
        Issue.record("there is no room")
        return
      }
    }
  }

  @Test("Members come by ascending id, page by page", arguments: StoreForm.all)
  func pages(form: StoreForm) async throws {
    try await form.withStores { stores in
      _ = try await stores.groups.create(friends, owner: .ada, content: joined)
      for number in [100, 20, 3] as [UInt64] {
        let user = Account(id: UserID(number), name: try UserName("user \(number)"))
        _ = try await stores.groups.join(friends, user, content: joined)
      }
      #expect(
        try await stores.groups.members(of: friends, after: nil, limit: 2)?.map(\.rawValue) == [1, 3])
      #expect(
        try await stores.groups.members(of: friends, after: UserID(3), limit: 2)?.map(\.rawValue) == [
          20, 100,
        ])
      #expect(try await stores.groups.members(of: friends, after: UserID(100), limit: 2) == [])
    }
  }

  @Test(
    "Of 20 creations at once one makes the group; of 20 joins one is an entry; the hints agree in the end",
    arguments: StoreForm.all)
  func race(form: StoreForm) async throws {
    try await form.withStores { stores in
      let (friends, joined, left) = (friends, joined, left)
      let created = try await concurrently(20) { _ in
        try await stores.groups.create(friends, owner: .ada, content: joined)
      }
      #expect(created.compactMap(\.self).count == 1)
      let joins = try await concurrently(20) { _ in
        try await stores.groups.join(friends, .bob, content: joined)
      }
      #expect(joins.count { if case .changed = $0 { true } else { false } } == 1)
      for _ in 1...10 {
        _ = try await concurrently(8) { index in
          index.isMultiple(of: 2)
            ? try await stores.groups.join(friends, .bob, content: joined)
            : try await stores.groups.leave(friends, .bob, content: left)
        }
        let since = try await stores.groups.membership(of: Account.bob.id, in: friends)
        let hinted = try await stores.groups.groups(of: Account.bob.id)
        #expect(hinted[friends] == since)
      }
      #expect(try await stores.groups.groups(of: Account.ada.id).count == 1)
      let entries = try await stores.log.read(.friends, after: nil, limit: 1_000)
      #expect(entries.map(\.position.seq) == Array(1...UInt64(entries.count)))
    }
  }
}
