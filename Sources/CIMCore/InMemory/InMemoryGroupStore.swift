import NIOCore
import Synchronization

/// Groups that live and die with the process.
public final class InMemoryGroupStore: GroupStore {
  private let conversations: InMemoryConversations

  /// Which groups a user may be in: every group is in it that the user is a member of.
  private let candidates = Mutex<[UserID: Set<GroupID>]>([:])

  init(_ conversations: InMemoryConversations) {
    self.conversations = conversations
  }

  public func create(
    _ group: GroupID, owner: Account, content: ByteBuffer
  ) async throws(StoreError) -> LogEntry? {
    let entry = self.conversations.change(.group(group)) { log, moment in
      log.create(owner: owner, content: content, at: moment)
    }
    if entry != nil { self.note(group, of: owner.id) }
    return entry
  }

  public func join(
    _ group: GroupID, _ user: Account, content: ByteBuffer
  ) async throws(StoreError) -> MembershipOutcome {
    let outcome = self.conversations.change(.group(group)) { log, moment in
      log.join(user, content: content, at: moment)
    }
    if case .changed = outcome { self.note(group, of: user.id) }
    return outcome
  }

  public func leave(
    _ group: GroupID, _ user: Account, content: ByteBuffer
  ) async throws(StoreError) -> MembershipOutcome {
    self.conversations.change(.group(group)) { log, moment in log.leave(user, content: content, at: moment) }
  }

  public func change(
    _ change: MemberChange, _ member: UserID, in group: GroupID, by owner: Account, content: ByteBuffer
  ) async throws(StoreError) -> MemberChangeOutcome {
    self.conversations.change(.group(group)) { log, moment in
      log.change(change, member, by: owner, content: content, at: moment)
    }
  }

  public func info(of group: GroupID, for user: UserID) async throws(StoreError) -> GroupInfo? {
    self.conversations.read(.group(group)) { $0?.roster.info(for: user) }
  }

  public func groups(of user: UserID) async throws(StoreError) -> [GroupID: LogPosition] {
    let candidates = self.candidates.withLock { $0[user] ?? [] }
    return candidates.reduce(into: [:]) { groups, group in
      groups[group] = self.conversations.read(.group(group)) { $0?.roster.members[user] }
    }
  }

  public func members(
    of group: GroupID, after: UserID?, limit: Int
  ) async throws(StoreError) -> [UserID]? {
    let members = self.conversations.read(.group(group)) { log in
      log?.tail == nil ? nil : log?.roster.members.keys.map(\.self)
    }
    return members.map { members in
      Array(members.filter { user in after.map { user > $0 } ?? true }.sorted().prefix(limit))
    }
  }

  public func membership(
    of user: UserID, in group: GroupID
  ) async throws(StoreError) -> LogPosition? {
    self.conversations.read(.group(group)) { $0?.roster.members[user] }
  }

  public func formerStays(
    of user: UserID, in groups: [GroupID]
  ) async throws(StoreError) -> [GroupID: [Stay]] {
    groups.reduce(into: [:]) { stays, group in
      stays[group] = self.conversations.read(.group(group)) { $0?.roster.formerMembers[user] }
    }
  }

  public func ping() async throws(StoreError) {}

  private func note(_ group: GroupID, of user: UserID) {
    self.candidates.withLock { _ = $0[user, default: []].insert(group) }
  }
}
