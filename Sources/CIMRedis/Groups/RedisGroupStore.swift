import CIMCore
import NIOCore
import Redis

/// Groups in Redis: members in the slot of the group's log, and for each user the groups to look into (`GroupHints`).
public struct RedisGroupStore: GroupStore {
  private enum Reply {
    case changed(LogEntry, joinedAt: String)
    case unchanged(since: LogPosition?)
    case full, stranger, denied, none
  }

  private let redis: RedisClient
  private let limits: MessageLogLimits
  private let hints: GroupHints

  /// Uses that connection.
  ///
  /// - Parameter limits: Those of the message log.
  public init(_ redis: RedisClient, limits: MessageLogLimits = .defaults) {
    self.redis = redis
    self.limits = limits
    hints = GroupHints(redis: redis)
  }

  public func create(
    _ group: GroupID, owner: Account, content: ByteBuffer
  ) async throws(StoreError) -> LogEntry? {
    // Looked at first, so that no hint is left by who finds the name taken.
    if try await exists(group) { return nil }
    guard case .changed(let entry) = try await admit("create", owner, to: group, content) else { return nil }
    return entry
  }

  public func join(
    _ group: GroupID, _ user: Account, content: ByteBuffer
  ) async throws(StoreError) -> MembershipOutcome {
    try await admit("join", user, to: group, content)
  }

  public func leave(
    _ group: GroupID, _ user: Account, content: ByteBuffer
  ) async throws(StoreError) -> MembershipOutcome {
    do {
      switch try await run("leave", user.id, by: user, group, content) {
      case .changed(let entry, let joinedAt):
        try await hints.remove(joinedAt, group, of: user.id)
        return .changed(entry)
      case .unchanged(let since): return .unchanged(since: since)
      case .full, .stranger, .denied, .none: return .noGroup
      }
    } catch {
      throw StoreError(error)
    }
  }

  public func change(
    _ change: MemberChange, _ member: UserID, in group: GroupID, by owner: Account, content: ByteBuffer
  ) async throws(StoreError) -> MemberChangeOutcome {
    do {
      switch try await run(change.rawValue, member, by: owner, group, content) {
      case .changed(let entry, let joinedAt):
        if change == .remove { try await hints.remove(joinedAt, group, of: member) }
        return .changed(entry)
      case .unchanged: return .unchanged
      case .stranger: return .notAMember
      case .denied: return .denied
      case .full, .none: return .noGroup
      }
    } catch {
      throw StoreError(error)
    }
  }

  public func info(of group: GroupID, for user: UserID) async throws(StoreError) -> GroupInfo? {
    let conversation = Conversation.group(group)
    let replies = await redis.send([
      membershipQuery(user, group), RedisCommand("ZCARD", StoreKey.members(conversation)),
      RedisCommand("HGET", StoreKey.tail(conversation), "owner"),
      // Of a group that has none written down yet it is the owner.
      RedisCommand("ZRANGE", StoreKey.members(conversation), 0, 0),
    ])
    do {
      guard let member = try replies[0].get().asMembers().first else { return nil }
      let written = try replies[2].get()
      let owner = try written.isNull ? replies[3].get().asMembers().first?.user : written.asUserID()
      return GroupInfo(
        owner: owner ?? user, memberCount: max(1, try replies[1].get().asInteger()),
        joined: member.joinedAt, isMuted: member.isMuted)
    } catch {
      throw StoreError(error)
    }
  }

  public func groups(of user: UserID) async throws(StoreError) -> [GroupID: LogPosition] {
    do {
      let candidates = try await hints.all(of: user)
      let replies = await redis.sendInChunks(candidates.map { membershipQuery(user, $0) })
      var groups: [GroupID: LogPosition] = [:]
      for (group, reply) in zip(candidates, replies) {
        groups[group] = try reply.get().asMembers().first?.joinedAt
      }
      return groups
    } catch {
      throw StoreError(error)
    }
  }

  public func members(
    of group: GroupID, after: UserID?, limit: Int
  ) async throws(StoreError) -> [UserID]? {
    let conversation = Conversation.group(group)
    let lowest = after.map { "(\($0)" } ?? "-inf"
    let replies = await redis.send([
      RedisCommand("EXISTS", StoreKey.tail(conversation)),
      RedisCommand(
        "ZRANGEBYSCORE", StoreKey.members(conversation), lowest, "+inf", "LIMIT", 0, limit),
    ])
    do {
      guard try replies[0].get().asInteger() == 1 else { return nil }
      return try replies[1].get().asMembers().map(\.user)
    } catch {
      throw StoreError(error)
    }
  }

  public func membership(
    of user: UserID, in group: GroupID
  ) async throws(StoreError) -> LogPosition? {
    do {
      return try await redis.send(membershipQuery(user, group)).asMembers().first?.joinedAt
    } catch {
      throw StoreError(error)
    }
  }

  public func formerStays(
    of user: UserID, in groups: [GroupID]
  ) async throws(StoreError) -> [GroupID: [Stay]] {
    let replies = await redis.sendInChunks(
      groups.map { RedisCommand("HGET", StoreKey.formerMembers(.group($0)), user.rawValue) })
    do {
      var stays: [GroupID: [Stay]] = [:]
      for (group, reply) in zip(groups, replies) {
        let value = try reply.get()
        stays[group] = value.isNull ? nil : try value.asStays()
      }
      return stays
    } catch {
      throw StoreError(error)
    }
  }

  public func ping() async throws(StoreError) { try await redis.storePing() }

  private func exists(_ group: GroupID) async throws(StoreError) -> Bool {
    do {
      return try await redis.send(RedisCommand("EXISTS", StoreKey.tail(.group(group)))).asInteger() == 1
    } catch {
      throw StoreError(error)
    }
  }

  private func membershipQuery(_ user: UserID, _ group: GroupID) -> RedisCommand {
    RedisCommand("ZRANGEBYSCORE", StoreKey.members(.group(group)), user.rawValue, user.rawValue)
  }

  /// Creates a group or joins one; both make a member.
  private func admit(
    _ change: String, _ user: Account, to group: GroupID, _ content: ByteBuffer
  ) async throws(StoreError) -> MembershipOutcome {
    do {
      let token = try await hints.announce(group, of: user.id)
      switch try await run(change, user.id, by: user, group, content) {
      case .changed(let entry, _):
        try await hints.confirm(entry.position, group, of: user.id)
        return .changed(entry)
      case .unchanged(let since):
        if let since { try await hints.confirm(since, group, of: user.id) }
        return .unchanged(since: since)
      case .full:
        try await hints.remove(token, group, of: user.id)
        return .full(members: limits.membersPerGroup)
      case .stranger, .denied, .none:
        // To `create` it means that there is such a group, and the user may be in it.
        if change == "join" { try await hints.remove(token, group, of: user.id) }
        return .noGroup
      }
    } catch {
      throw StoreError(error)
    }
  }

  private func run(
    _ change: String, _ user: UserID, by actor: Account, _ group: GroupID, _ content: ByteBuffer
  ) async throws(RedisError) -> Reply {
    let conversation = Conversation.group(group)
    let parts = try await redis.run(
      RedisScript.changeMembership.call(
        keys: [
          StoreKey.log(conversation), StoreKey.tail(conversation), StoreKey.members(conversation),
          StoreKey.formerMembers(conversation),
        ], change, actor.id.rawValue, actor.name.rawValue, content, limits.entriesPerConversation,
        limits.entryMilliseconds, Stay.remembered, user.rawValue, limits.membersPerGroup)
    ).asArray()
    switch (try parts.first?.asString(), parts.count) {
    case ("appended", 5):
      let entry = LogEntry(
        conversation: conversation, position: try parts[1].asLogPosition(),
        previous: try parts[2].asBytes().isEmpty ? nil : parts[2].asLogPosition(), sender: actor,
        loggedAt: try parts[3].asTimestamp(), sendID: nil, content: content)
      return .changed(entry, joinedAt: try parts[4].asString())
    case ("unchanged", 2):
      return .unchanged(since: try parts[1].asBytes().isEmpty ? nil : parts[1].asLogPosition())
    case ("full", 1):
      return .full
    case ("stranger", 1):
      return .stranger
    case ("denied", 1):
      return .denied
    case ("none", 1):
      return .none
    default:
      throw RedisError(
        .unexpectedReply, "expected an answer of the membership script, got \(parts.count) parts")
    }
  }
}

extension RedisValue {
  /// Reads the memberships of a user that have ended.
  fileprivate func asStays() throws(RedisError) -> [Stay] {
    try parsed("memberships that have ended") { text in
      let places = text.split(separator: " ").compactMap { LogPosition(String($0)) }
      guard !places.isEmpty, places.count.isMultiple(of: 2) else { return nil }
      return stride(from: 0, to: places.count, by: 2).map {
        Stay(joined: places[$0], left: places[$0 + 1])
      }
    }
  }

  /// Reads lines of a group's members.
  fileprivate func asMembers() throws(RedisError) -> [(user: UserID, joinedAt: LogPosition, isMuted: Bool)] {
    var members: [(UserID, LogPosition, Bool)] = []
    for line in try asArray() {
      members.append(
        try line.parsed("a member of a group") { text in
          let parts = text.split(separator: " ")
          guard parts.count == 2 || parts.count == 3, let user = UserID(String(parts[0])),
            let position = LogPosition(String(parts[1]))
          else { return nil }
          return (user, position, parts.count == 3)
        })
    }
    return members
  }
}
