import CIMCore
import CIMProtos
import Logging
import NIOCore
import NgRPC

/// Changes who belongs to groups, and tells it.
struct GroupDesk: Sendable {
  let stores: Stores
  let delivery: Delivery
  let counters: RouteCounters
  let logger: Logger

  /// Creates a group with its first member.
  ///
  /// - Returns: the first entry of its log; nil when there is such a group.
  func create(_ group: GroupID, owner: Account) async throws -> LogEntry? {
    let content = try content(.joined)
    try await mark(group, for: owner)
    guard let entry = try await stores.groups.create(group, owner: owner, content: content) else {
      return nil
    }
    await tell(entry, newMember: owner.id)
    return entry
  }

  /// Makes a user a member.
  func join(_ group: GroupID, _ user: Account) async throws -> MembershipOutcome {
    let content = try content(.joined)
    try await mark(group, for: user)
    let outcome = try await stores.groups.join(group, user, content: content)
    if case .changed(let entry) = outcome { await tell(entry, newMember: user.id) }
    return outcome
  }

  /// Ends a user's membership. Everybody's place in the log comes to the entry that says so, the user's too.
  func leave(_ group: GroupID, _ user: Account) async throws -> MembershipOutcome {
    let outcome = try await stores.groups.leave(group, user, content: try content(.left))
    if case .changed(let entry) = outcome { await tell(entry, newMember: nil) }
    return outcome
  }

  /// Does something to a member, if the group's owner asks for it.
  func change(
    _ change: MemberChange, _ member: Account, in group: GroupID, by owner: Account
  ) async throws -> MemberChangeOutcome {
    let content = try content(CimV1.MembershipChange(change), of: member)
    let outcome = try await stores.groups.change(change, member.id, in: group, by: owner, content: content)
    if case .changed(let entry) = outcome { await tell(entry, newMember: nil) }
    return outcome
  }

  /// Before the change: if this route stops right after it, a sync finds the mark, and with it the membership.
  private func mark(_ group: GroupID, for user: Account) async throws(StoreError) {
    _ = try await stores.log.markDirty(.group(group), for: [user.id])
  }

  /// Delivers a change to the group's members, and to all sessions of a new one, which become members with it.
  private func tell(_ entry: LogEntry, newMember: UserID?) async {
    do {
      if let newMember { try await delivery.deliver(entry, to: newMember) }
      try await delivery.deliver(entry)
    } catch {
      counters.failedDeliveries.count()
      logger.debug("a change of a group was logged and not delivered", metadata: ["error": "\(error)"])
    }
  }

  private func content(_ change: CimV1.MembershipChange, of member: Account? = nil) throws -> ByteBuffer {
    var buffer = ByteBuffer()
    let content = CimV1.Content(kind: .membership(change), member: member.map { CimV1.User($0) })
    try content.serialize(into: &buffer)
    return buffer
  }
}

extension CimV1.MembershipChange {
  fileprivate init(_ change: MemberChange) {
    switch change {
    case .remove: self = .removed
    case .mute: self = .muted
    case .unmute: self = .unmuted
    }
  }
}
