import CIMCore
import NIOCore
import Testing

@Suite("What a group's owner does to members")
struct MemberChangeTests {
  private let friends = try! GroupID("friends")
  private let note = ByteBuffer(string: "note")
  private static let cid = try! Account(id: UserID(3), name: UserName("cid"))

  private func withGroup(
    _ form: StoreForm, of members: [Account], _ test: (Stores) async throws -> Void
  ) async throws {
    try await form.withStores { stores in
      _ = try await stores.groups.create(friends, owner: members[0], content: note)
      for member in members.dropFirst() {
        _ = try await stores.groups.join(friends, member, content: note)
      }
      try await test(stores)
    }
  }

  private func change(
    _ stores: Stores, _ change: MemberChange, _ member: Account, by owner: Account
  ) async throws -> MemberChangeOutcome {
    try await stores.groups.change(change, member.id, in: friends, by: owner, content: note)
  }

  private func owner(_ stores: Stores, told member: Account) async throws -> UserID? {
    try await stores.groups.info(of: friends, for: member.id)?.owner
  }

  private func say(_ stores: Stores, _ counter: UInt64, by sender: Account) async throws -> AppendOutcome {
    try await stores.log.append(
      .saying("\(counter)", in: .friends, by: sender, .producer(.outbox, counter: counter)))
  }

  @Test("Who is removed has had a stay that ends with the entry that says so", arguments: StoreForm.all)
  func remove(form: StoreForm) async throws {
    try await withGroup(form, of: [.ada, .bob]) { stores in
      let joined = try #require(try await stores.groups.membership(of: Account.bob.id, in: friends))
      let outcome = try await change(stores, .remove, .bob, by: .ada)
      guard case .changed(let entry) = outcome else {
        Issue.record("bob was not removed: \(outcome)")
        return
      }
      #expect(entry.sender == .ada && entry.previous == joined && entry.text == "note")
      #expect(try await stores.log.read(.friends, after: joined, limit: 10) == [entry])
      #expect(try await stores.groups.membership(of: Account.bob.id, in: friends) == nil)
      #expect(try await stores.groups.groups(of: Account.bob.id).isEmpty)
      #expect(
        try await stores.groups.formerStays(of: Account.bob.id, in: [friends])
          == [friends: [Stay(joined: joined, left: entry.position)]])
      #expect(try await say(stores, 1, by: .bob) == .refused(.notAMember))
      #expect(try await change(stores, .remove, .bob, by: .ada) == .unchanged)
      #expect(
        try await stores.groups.leave(friends, .bob, content: note) == .unchanged(since: entry.position))
      guard case .changed = try await stores.groups.join(friends, .bob, content: note) else {
        Issue.record("bob could not join again")
        return
      }
      #expect(try await stores.groups.info(of: friends, for: Account.bob.id)?.memberCount == 2)
    }
  }

  @Test(
    "The log refuses a muted member's messages, for good each, until the mute ends", arguments: StoreForm.all)
  func mute(form: StoreForm) async throws {
    try await withGroup(form, of: [.ada, .bob]) { stores in
      let joined = try #require(try await stores.groups.membership(of: Account.bob.id, in: friends))
      let before = try await say(stores, 1, by: .bob)
      let entry = try #require(before.entry)
      guard case .changed(let muted) = try await change(stores, .mute, .bob, by: .ada) else {
        Issue.record("bob was not muted")
        return
      }
      #expect(muted.sender == .ada && muted.previous == entry.position)
      #expect(try await change(stores, .mute, .bob, by: .ada) == .unchanged)
      #expect(try await say(stores, 1, by: .bob) == .accepted(entry, duplicate: true, isReplicated: false))
      #expect(try await say(stores, 2, by: .bob) == .refused(.muted))
      #expect(try await stores.log.append(.saying("x", in: .friends, by: .bob)) == .refused(.muted))
      #expect(
        try await stores.groups.info(of: friends, for: Account.bob.id)
          == GroupInfo(owner: Account.ada.id, memberCount: 2, joined: joined, isMuted: true))
      #expect(try await stores.groups.membership(of: Account.bob.id, in: friends) == joined)
      #expect(try await stores.groups.groups(of: Account.bob.id) == [friends: joined])
      #expect(
        try await stores.groups.members(of: friends, after: nil, limit: 9)
          == [Account.ada.id, Account.bob.id])
      guard case .changed = try await change(stores, .unmute, .bob, by: .ada) else {
        Issue.record("bob is muted still")
        return
      }
      #expect(try await change(stores, .unmute, .bob, by: .ada) == .unchanged)
      #expect(try await say(stores, 2, by: .bob) == .refused(.muted), "it was answered")
      let after = try await say(stores, 3, by: .bob)
      #expect(after.entry != nil)
    }
  }

  @Test("Nobody ends a mute by leaving and joining again", arguments: StoreForm.all)
  func muteOutlivesMembership(form: StoreForm) async throws {
    try await withGroup(form, of: [.ada, .bob]) { stores in
      _ = try await change(stores, .mute, .bob, by: .ada)
      for ending in 1...2 {
        if ending == 1 {
          _ = try await stores.groups.leave(friends, .bob, content: note)
        } else {
          _ = try await change(stores, .remove, .bob, by: .ada)
        }
        #expect(try await stores.groups.membership(of: Account.bob.id, in: friends) == nil)
        _ = try await stores.groups.join(friends, .bob, content: note)
        #expect(try await stores.log.append(.saying("x", in: .friends, by: .bob)) == .refused(.muted))
        #expect(
          try await stores.groups.formerStays(of: Account.bob.id, in: [friends])[friends]?.count == ending)
      }
      _ = try await change(stores, .unmute, .bob, by: .ada)
      _ = try await stores.groups.leave(friends, .bob, content: note)
      _ = try await stores.groups.join(friends, .bob, content: note)
      #expect(try await say(stores, 1, by: .bob).entry != nil)
    }
  }

  @Test("Only the owner can, not to itself, and only to members; nothing changes", arguments: StoreForm.all)
  func refusals(form: StoreForm) async throws {
    try await withGroup(form, of: [.ada, .bob]) { stores in
      let tail = try await stores.log.tail(of: .friends)
      for each in MemberChange.allCases {
        #expect(try await change(stores, each, .ada, by: .bob) == .denied)
        #expect(try await change(stores, each, .bob, by: .bob) == .denied)
        #expect(try await change(stores, each, .ada, by: Self.cid) == .noGroup)
        let toStranger = try await change(stores, each, Self.cid, by: .ada)
        #expect(toStranger == (each == .remove ? .unchanged : .notAMember))
        let toOwner = try await change(stores, each, .ada, by: .ada)
        #expect(toOwner == (each == .unmute ? .unchanged : .denied))
        let elsewhere = try await stores.groups.change(
          each, Account.bob.id, in: GroupID("unknown"), by: .ada, content: note)
        #expect(elsewhere == .noGroup)
      }
      #expect(try await stores.log.tail(of: .friends) == tail)
      #expect(try await stores.groups.info(of: friends, for: Self.cid.id) == nil)
      #expect(try await stores.groups.info(of: GroupID("unknown"), for: Account.ada.id) == nil)
    }
  }

  @Test(
    "When the owner leaves, the member with the lowest id owns the group, and keeps it; without members, who joins",
    arguments: StoreForm.all)
  func owners(form: StoreForm) async throws {
    try await withGroup(form, of: [Self.cid, .bob]) { stores in
      #expect(try await owner(stores, told: .bob) == Self.cid.id)
      _ = try await change(stores, .mute, .bob, by: Self.cid)
      _ = try await stores.groups.leave(friends, Self.cid, content: note)
      #expect(try await owner(stores, told: .bob) == Account.bob.id)
      // Who has joined since does not take it, be the id as low as it may.
      _ = try await stores.groups.join(friends, .ada, content: note)
      _ = try await stores.groups.join(friends, Self.cid, content: note)
      #expect(try await owner(stores, told: .ada) == Account.bob.id)
      #expect(try await change(stores, .remove, .bob, by: Self.cid) == .denied)
      guard case .changed = try await change(stores, .unmute, .bob, by: .bob) else {
        Issue.record("the owner stays muted")
        return
      }
      for member in [Account.bob, .ada, Self.cid] {
        _ = try await stores.groups.leave(friends, member, content: note)
      }
      _ = try await stores.groups.join(friends, .bob, content: note)
      _ = try await stores.groups.join(friends, .ada, content: note)
      #expect(try await owner(stores, told: .ada) == Account.bob.id)
    }
  }

  @Test(
    "A message that meets a mute or a removal stands before it in the log, or is refused",
    arguments: StoreForm.all)
  func race(form: StoreForm) async throws {
    try await withGroup(form, of: [.ada, .bob]) { stores in
      let (friends, note) = (friends, note)
      for round in 1...20 as ClosedRange<UInt64> {
        let each: MemberChange = round.isMultiple(of: 2) ? .remove : .mute
        let outcomes = try await concurrently(9) { index in
          guard index == 4 else {
            let said = try await stores.log.append(.saying("\(index)", in: .friends, by: .bob))
            return (isEnd: false, entry: said.entry)
          }
          let outcome = try await stores.groups.change(
            each, Account.bob.id, in: friends, by: .ada, content: note)
          guard case .changed(let entry) = outcome else { return (isEnd: true, entry: LogEntry?.none) }
          return (isEnd: true, entry: entry)
        }
        let end = try #require(outcomes.first(where: \.isEnd)?.entry?.position, "\(each) did nothing")
        #expect(outcomes.compactMap(\.entry?.position).allSatisfy { $0 <= end })
        _ = try await stores.groups.change(.unmute, Account.bob.id, in: friends, by: .ada, content: note)
        _ = try await stores.groups.join(friends, .bob, content: note)
      }
      // Of many at once one changes something.
      let removals = try await concurrently(10) { index in
        index.isMultiple(of: 2)
          ? try await stores.groups.change(.remove, Account.bob.id, in: friends, by: .ada, content: note)
          : try await stores.groups.change(.mute, Account.bob.id, in: friends, by: .ada, content: note)
      }
      #expect((1...2).contains(removals.count { if case .changed = $0 { true } else { false } }))
      #expect(try await stores.groups.membership(of: Account.bob.id, in: friends) == nil)
      #expect(try await stores.groups.groups(of: Account.bob.id).isEmpty)
    }
  }
}
