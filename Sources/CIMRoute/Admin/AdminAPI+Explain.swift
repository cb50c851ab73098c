import CIMCore
import CIMProtos
import NIOCore
import NgRPC

extension AdminAPI {
  func explainMessage(
    _ request: CimV1.ExplainMessageRequest, context: ServerContext
  ) async throws -> CimV1.ExplainMessageResponse {
    let conversation = try parse("conversation") { () throws(InvalidIdentifier) in
      try Conversation(request.conversation)
    }
    guard let position = request.position.map(LogPosition.init), position.seq > 0 else {
      throw RPCError(
        code: .invalidArgument,
        message: "position is missing, or its seq is 0: entries are numbered from 1, as in 1764000000000-1.")
    }
    let size = try pageSize(request.pageSize, default: 20, limit: 100)
    let after = try request.pageToken.isEmpty ? nil : place(request.pageToken)
    try requireServers()
    let receivers = try await receivers(
      of: conversation, named: request.receiver, after: after, limit: size + 1)
    let (entry, tail) = try await withStores {
      (
        try await core.stores.log.read(
          conversation, after: LogPosition(epoch: position.epoch, seq: position.seq - 1), limit: 1
        ).first,
        try await core.stores.log.tail(of: conversation)
      )
    }
    let message = entry.flatMap { $0.position == position ? $0 : nil }
    let state: CimV1.LogState =
      if message != nil { .logged } else if let tail, position <= tail { .gone } else { .notYet }
    let page = receivers.prefix(size)
    let deliveries = try await withStores {
      try await self.deliveries(
        of: position, state, by: message?.sender.id, in: conversation, to: Array(page))
    }
    return CimV1.ExplainMessageResponse(
      routeID: core.configuration.id.rawValue, state: state, tail: tail.map { CimV1.LogPosition($0) },
      message: message.map { CimV1.LoggedMessage($0) },
      interestedServers: core.links.interested(in: conversation).map(\.id.rawValue), receivers: deliveries,
      nextPageToken: receivers.count > size ? page.last.map { "\($0.id)" } ?? "" : "")
  }

  private func place(_ token: String) throws(RPCError) -> UserID {
    guard let user = UserID(token) else {
      throw RPCError(
        code: .invalidArgument, message: "page_token is not one that this call has given; begin without one.")
    }
    return user
  }

  // MARK: For whom

  private func receivers(
    of conversation: Conversation, named key: CimV1.UserKey?, after: UserID?, limit: Int
  ) async throws -> [Account] {
    if let key { return [try await account(key, "receiver")] }
    return try await withStores {
      let users: [UserID]
      switch conversation {
      case .direct(let pair):
        users = [pair.lower, pair.higher].filter { user in after.map { user > $0 } ?? true }
      case .group(let group):
        guard let members = try await core.stores.groups.members(of: group, after: after, limit: limit) else {
          throw RPCError(code: .notFound, message: "conversation: there is no group \(group).")
        }
        users = members
      case .lobby:
        users = try await core.stores.sessions.onlineUsers(
          on: core.links.alive, after: after, limit: limit)
      }
      let accounts = try await core.stores.accounts.accounts(users)
      return users.compactMap { accounts[$0] }
    }
  }

  // MARK: How it stands

  private func deliveries(
    of position: LogPosition, _ state: CimV1.LogState, by sender: UserID?, in conversation: Conversation,
    to accounts: [Account]
  ) async throws -> [CimV1.ReceiverDelivery] {
    let users = accounts.map(\.id)
    guard !users.isEmpty else { return [] }
    let sessions = try await core.stores.sessions.sessions(of: users)
    let cursors = try await core.stores.cursors.cursors(of: users, in: conversation)
    let marks =
      conversation.isPrivate
      ? try await core.stores.log.dirtyMarks(of: users, olderThan: 0, limit: 1000) : [:]
    var deliveries: [CimV1.ReceiverDelivery] = []
    for account in accounts {
      var facts = DeliveryFacts(position: position, log: state, conversation: conversation)
      facts.exclusion = try await exclusion(of: account.id, from: conversation, at: position)
      facts.isSender = account.id == sender
      facts.cursor = cursors[account.id]
      facts.markedAt = marks[account.id]?.first { $0.conversation == conversation }?.markedAt
      facts.devices = try await devices(of: account.id, sessions[account.id] ?? [], in: conversation)
      deliveries.append(CimV1.ReceiverDelivery(account, facts))
    }
    return deliveries
  }

  private func devices(
    of user: UserID, _ sessions: [CIMCore.Session], in conversation: Conversation
  ) async throws -> [DeliveryFacts.Device] {
    let alive = core.links.alive(sessions)
    let ids = Set(try await core.stores.logins.logins(of: user).map(\.device)).union(alive.map(\.device))
    let cursors = try await core.stores.cursors.cursors(of: ids.map { UserDevice(user: user, device: $0) })
    return ids.sorted().map { id in
      let session = alive.first { $0.device == id }
      return DeliveryFacts.Device(
        id: id, cursor: cursors[UserDevice(user: user, device: id)]?.device[conversation], session: session,
        isLinked: session.map { core.links.isLinked($0.instance) } ?? false)
    }
  }

  /// Why a message is not for a user; nil when it is.
  private func exclusion(
    of user: UserID, from conversation: Conversation, at position: LogPosition
  ) async throws -> String? {
    switch conversation {
    case .lobby: return nil
    case .direct(let pair):
      return pair.contains(user) ? nil : "It is in the private conversation of two others."
    case .group(let group):
      let joined = try await core.stores.groups.membership(of: user, in: group)
      if let joined, joined <= position { return nil }
      let stays = try await core.stores.groups.formerStays(of: user, in: [group])[group] ?? []
      if stays.contains(where: { $0.joined <= position && position <= $0.left }) { return nil }
      if let joined { return "The user joined the group later, with \(joined)." }
      return stays.isEmpty
        ? "The user is no member of the group." : "The user was no member of the group at that time."
    }
  }
}

extension CimV1.LoggedMessage {
  fileprivate init(_ entry: LogEntry) {
    self.init(
      previous: entry.previous.map { CimV1.LogPosition($0) }, sender: CimV1.User(entry.sender),
      loggedAtMs: Int64(clamping: entry.loggedAt.milliseconds),
      sendID: entry.sendID.map { CimV1.SendId($0) },
      contentBytes: UInt32(clamping: entry.content.readableBytes))
  }
}

extension CimV1.ReceiverDelivery {
  fileprivate init(_ account: Account, _ facts: DeliveryFacts) {
    let (state, explanation) = facts.verdict
    self.init(
      user: CimV1.User(account), state: state, explanation: explanation,
      cursor: facts.cursor.map { CimV1.LogPosition($0) },
      markedAtMs: Int64(clamping: facts.markedAt?.milliseconds ?? 0),
      devices: facts.devices.map { device in
        CimV1.DeviceDelivery(
          deviceID: device.id.rawValue, cursor: device.cursor.map { CimV1.LogPosition($0) },
          hasIt: facts.hasIt(device),
          session: device.session.map { CimV1.SessionState($0, isServerAlive: true) },
          isLinked: device.isLinked)
      })
  }
}
