import CIMCore
import CIMProtos
import NgRPC

extension RouteAPI {
  func send(_ request: CimV1.SendRequest, context: ServerContext) async throws -> CimV1.SendResponse {
    let (_, sender) = try await authorize(context)
    let conversation = try target(of: request, from: sender.id)
    let idempotency: Append.Idempotency =
      request.idempotencyKey.isEmpty
      ? .none
      : .key(
        try parse("idempotency_key") { () throws(InvalidIdentifier) in
          try IdempotencyKey(request.idempotencyKey)
        })
    try requireServers()
    let verdict = await core.intake.submit(
      Submission(
        sender: sender, device: nil, conversation: conversation, idempotency: idempotency,
        content: request.content))
    switch verdict {
    case .accepted(let entry, let duplicate):
      return CimV1.SendResponse(
        conversation: conversation.description, accepted: CimV1.Accepted(entry, duplicate: duplicate))
    case .refused(let refused): throw RPCError(refused)
    }
  }

  private func target(of request: CimV1.SendRequest, from sender: UserID) throws(RPCError) -> Conversation {
    switch request.target {
    case .userID(let id): return .direct(between: sender, and: try userID(id, "user_id"))
    case .conversation(let text): return try conversation(text, of: sender)
    case nil:
      throw RPCError(code: .invalidArgument, message: "target is missing: set user_id or conversation.")
    }
  }

  private func conversation(_ text: String, of user: UserID) throws(RPCError) -> Conversation {
    do throws(InvalidSubmission) {
      return try Conversation(text, field: "conversation", of: user)
    } catch {
      throw RPCError(
        code: error.refusal.reason == .notAMember ? .notFound : .invalidArgument,
        message: error.refusal.detail)
    }
  }

  func history(_ request: CimV1.HistoryRequest, context: ServerContext) async throws -> CimV1.HistoryResponse
  {
    let (login, _) = try await authorize(context)
    let size = try pageSize(request.pageSize, default: 50, limit: 200)
    let conversation = try parse("conversation") { () throws(InvalidIdentifier) in
      try Conversation(request.conversation)
    }
    guard conversation.mayBeRead(by: login.user) else {
      throw RPCError(
        code: .permissionDenied,
        message: "User \(login.user) has no part in the conversation \(conversation).")
    }
    let entries = try await withStores {
      // One more than asked for tells whether there are older ones.
      try await core.stores.log.read(
        conversation, before: request.before.map(LogPosition.init), limit: size + 1)
    }
    let page = HistoryPage.latest(of: entries.suffix(size))
    return CimV1.HistoryResponse(
      messages: try page.map { try CimV1.Message($0) }, more: entries.count > page.count)
  }
}

extension Conversation {
  /// Whether a user has a part in it.
  fileprivate func mayBeRead(by user: UserID) -> Bool {
    switch self {
    case .lobby: true
    case .direct(let pair): pair.contains(user)
    case .group: false
    }
  }
}

extension RPCError {
  /// A refusal as a status.
  init(_ refused: CimV1.Refused) {
    let code: StatusCode =
      switch refused.reason {
      case .invalid: .invalidArgument
      case .unknownUser, .notAMember: .notFound
      case .duplicateUnknown: .alreadyExists
      case .counterGap: .failedPrecondition
      default: .unavailable
      }
    self.init(code: code, message: refused.detail)
  }
}
