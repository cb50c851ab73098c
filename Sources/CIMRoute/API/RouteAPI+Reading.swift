import CIMCore
import CIMProtos
import NgRPC

extension RouteAPI {
  func markRead(
    _ request: CimV1.MarkReadRequest, context: ServerContext
  ) async throws -> CimV1.MarkReadResponse {
    let (login, _) = try await authorize(context)
    let conversation = try parse("conversation") { () throws(InvalidIdentifier) in
      try Conversation(request.conversation)
    }
    guard let position = LogPosition(place: request.position) else {
      throw RPCError(
        code: .invalidArgument, message: "position is missing: set that of the last message that was read.")
    }
    return try await withStores {
      _ = try await begin(of: conversation, for: login.user)
      guard let tail = try await core.stores.log.tail(of: conversation), position <= tail else {
        throw RPCError(
          code: .invalidArgument, message: "position is \(position), which is behind the log's end.")
      }
      if let move = try await core.reads.mark([login.user: [conversation: position]]).first {
        return CimV1.MarkReadResponse(position: CimV1.LogPosition(move.position), moved: true)
      }
      let mark = try await core.stores.reads.marks(of: [login.user], in: conversation)[login.user]
      return CimV1.MarkReadResponse(position: CimV1.LogPosition(mark ?? position), moved: false)
    }
  }

  func listReaders(
    _ request: CimV1.ListReadersRequest, context: ServerContext
  ) async throws -> CimV1.ListReadersResponse {
    let (login, _) = try await authorize(context)
    let conversation = try parse("conversation") { () throws(InvalidIdentifier) in
      try Conversation(request.conversation)
    }
    if let position = request.position, position.seq == 0 {
      throw RPCError(
        code: .invalidArgument,
        message: "position has the number 0: leave it out, or set that of a message.")
    }
    let size = try pageSize(request.pageSize, default: 100, limit: 1000)
    let after = try userPageToken(request.pageToken)
    return try await withStores {
      _ = try await begin(of: conversation, for: login.user)
      let members = try await trackedMembers(of: conversation).filter { $0 != login.user }.sorted()
      let readers = try await readers(among: members, in: conversation).filter { reader in
        guard let position = request.position else { return true }
        return [reader.delivered, reader.read].contains { place in
          place.map { LogPosition($0) >= LogPosition(position) } ?? false
        }
      }
      let rest = readers.filter { reader in after.map { reader.user?.id ?? 0 > $0.rawValue } ?? true }
      let page = Array(rest.prefix(size))
      return CimV1.ListReadersResponse(
        readers: page,
        nextPageToken: rest.count > size ? page.last?.user.map { "\($0.id)" } ?? "" : "")
    }
  }

  /// Those who have a part in a conversation.
  ///
  /// - Throws: FAILED_PRECONDITION when they are too many for receipts.
  private func trackedMembers(of conversation: Conversation) async throws -> [UserID] {
    let limit = core.configuration.maxReceiptMembers
    switch conversation {
    case .direct(let pair): return [pair.lower, pair.higher]
    case .group(let group):
      let members = try await core.stores.groups.members(of: group, after: nil, limit: limit + 1) ?? []
      if members.count <= limit { return members }
    case .lobby: break
    }
    throw RPCError(
      code: .failedPrecondition,
      message:
        "Who has read \(conversation) is not kept track of: that is done in private conversations and in "
        + "groups of at most \(limit) members.")
  }

  private func readers(
    among users: [UserID], in conversation: Conversation
  ) async throws -> [CimV1.Reader] {
    let delivered = try await core.stores.cursors.cursors(of: users, in: conversation)
    let read = try await core.stores.reads.marks(of: users, in: conversation)
    let end = try await core.stores.log.ends(of: [conversation: Set(users)])[conversation]
    return try await core.accounts.accounts(users).map { account in
      func place(_ position: LogPosition?) -> CimV1.LogPosition? {
        position.flatMap { $0.seq > 0 ? CimV1.LogPosition($0) : nil }
      }
      return CimV1.Reader(
        user: CimV1.User(account), delivered: place(delivered[account.id]),
        read: place(end?.seen(by: account.id, read: read[account.id]) ?? read[account.id]))
    }
  }

  func listConversations(
    _ request: CimV1.ListConversationsRequest, context: ServerContext
  ) async throws -> CimV1.ListConversationsResponse {
    let (login, _) = try await authorize(context)
    let size = try pageSize(request.pageSize, default: 50, limit: 100)
    var place: ConversationPlace?
    if !request.pageToken.isEmpty {
      guard let last = ConversationPlace(request.pageToken) else { throw RPCError.invalidPageToken }
      place = last
    }
    return try await withStores {
      let desk = ConversationDesk(stores: core.stores)
      // One more than asked for tells whether there is another page.
      let lines = try await desk.conversations(of: login.user, after: place, limit: size + 1)
      let page = lines.prefix(size)
      let entries = try await desk.lastEntries(of: page.map(\.place.conversation))
      let peers = page.compactMap { $0.place.conversation.peer(of: login.user) }
      let accounts = try await core.accounts.accounts(peers)
      let names = Dictionary(accounts.map { ($0.id, CimV1.User($0)) }) { first, _ in first }
      return CimV1.ListConversationsResponse(
        conversations: try page.map { line in
          let conversation = line.place.conversation
          return CimV1.ConversationSummary(
            conversation: conversation.description,
            peer: conversation.peer(of: login.user).flatMap { names[$0] },
            last: CimV1.LogPosition(line.last),
            lastLoggedAtMs: Int64(clamping: line.place.loggedAt.milliseconds),
            preview: try entries[conversation].map(MessagePreview.of),
            read: line.seen.map(CimV1.LogPosition.init), unread: line.unread)
        },
        nextPageToken: lines.count > size ? page.last?.place.description ?? "" : "")
    }
  }

  /// The user after whom a page begins.
  func userPageToken(_ token: String) throws(RPCError) -> UserID? {
    guard !token.isEmpty else { return nil }
    guard let last = UserID(token) else { throw RPCError.invalidPageToken }
    return last
  }
}

extension Conversation {
  /// The other one, or the same, in a private conversation; nil in others.
  fileprivate func peer(of user: UserID) -> UserID? {
    if case .direct(let pair) = self { pair.peer(of: user) } else { nil }
  }
}
