import CIMCore
import CIMProtos
import Logging
import NIOCore
import NgRPC

extension RouteAPI {
  func send(_ request: CimV1.SendRequest, context: ServerContext) async throws -> CimV1.SendResponse {
    let (login, sender) = try await authorize(context)
    let conversation: Conversation =
      switch request.target {
      case .userID(let id): .direct(between: sender.id, and: try userID(id, "user_id"))
      case .conversation(let text): try self.conversation(text, of: sender.id)
      case nil: throw RPCError.noTarget
      }
    let idempotency: Append.Idempotency =
      request.idempotencyKey.isEmpty
      ? .none
      : .key(try idempotencyKey(request.idempotencyKey))
    try requireServers()
    try await core.gate.require(core.configuration.limits.send(sender.id, login.device))
    let verdict = await core.intake.submit(
      Submission(
        sender: sender, conversation: conversation, idempotency: idempotency,
        content: request.content, ackLevel: request.ackLevel))
    switch verdict {
    case .accepted(let entry, let duplicate, var reached):
      if request.ackLevel == .delivered, reached != .delivered,
        await hasArrived(entry, before: context.deadline)
      {
        reached = .delivered
      }
      return CimV1.SendResponse(
        conversation: conversation.description,
        accepted: CimV1.Accepted(entry, duplicate: duplicate, reached: reached))
    case .refused(let refused): throw RPCError(refused)
    }
  }

  /// How many messages a batch may have.
  private static let maxBatch = 100
  /// How long the key of a batch may be: what is put behind it for each message has room in an idempotency key.
  private static let maxBatchKeyBytes = 60

  func sendBatch(
    _ request: CimV1.SendBatchRequest, context: ServerContext
  ) async throws -> CimV1.SendBatchResponse {
    let (login, sender) = try await authorize(context)
    let conversation: Conversation =
      switch request.target {
      case .userID(let id): .direct(between: sender.id, and: try userID(id, "user_id"))
      case .conversation(let text): try self.conversation(text, of: sender.id)
      case nil: throw RPCError.noTarget
      }
    guard (1...Self.maxBatch).contains(request.contents.count) else {
      throw RPCError(
        code: .invalidArgument,
        message: "contents has \(request.contents.count) messages: it must have 1 to \(Self.maxBatch).")
    }
    guard request.ackLevel != .delivered else {
      throw RPCError(
        code: .invalidArgument,
        message: "ack_level DELIVERED can't be waited for in a batch: ask for LOGGED or REPLICATED.")
    }
    let keys = try batchKeys(request.idempotencyKey, count: request.contents.count)
    try requireServers()
    let demand = core.configuration.limits.send(sender.id, login.device)
    var results: [CimV1.BatchResult] = []
    var isStopped = false
    var isRepetition = true
    for (content, idempotency) in zip(request.contents, keys) {
      // What comes behind one that is sent again later would stand before it.
      let verdict =
        isStopped
        ? .unavailable("An earlier message of the batch could not be sent: send the batch again.")
        : await submit(
          Submission(
            sender: sender, conversation: conversation, idempotency: idempotency, content: content,
            ackLevel: request.ackLevel), for: demand)
      if case .accepted(_, duplicate: true, _) = verdict {
        // A batch that is sent again gets further than the last time, however little may be sent at once.
        core.gate.giveBack(demand)
      } else {
        isRepetition = false
      }
      isStopped = isStopped || verdict.isTransient
      results.append(CimV1.BatchResult(verdict))
    }
    // To repeat a batch for nothing is not free.
    if isRepetition { _ = await core.gate.admit(demand) }
    return CimV1.SendBatchResponse(conversation: conversation.description, results: results)
  }

  /// Submits a message if its sender may send one more.
  private func submit(_ submission: Submission, for demand: TokenDemand?) async -> Verdict {
    switch await core.gate.admit(demand) {
    case .admitted: await core.intake.submit(submission)
    case .refused(let refusal): .refused(CimV1.Refused(refusal))
    case .unknown(let reason):
      .unavailable("The limits can't be looked at at the moment; send it again. \(reason)")
    }
  }

  private func batchKeys(_ key: String, count: Int) throws(RPCError) -> [Append.Idempotency] {
    guard !key.isEmpty else { return Array(repeating: .none, count: count) }
    guard key.utf8.count <= Self.maxBatchKeyBytes else {
      throw RPCError(
        code: .invalidArgument,
        message: "idempotency_key has \(key.utf8.count) bytes: it must have 1 to \(Self.maxBatchKeyBytes).")
    }
    var keys: [Append.Idempotency] = []
    for index in 0..<count { keys.append(.key(try idempotencyKey("\(key).\(index)"))) }
    return keys
  }

  /// Waits until a message has reached a device of its receiver: until half of the call's time is over, at the latest for
  /// 10 s.
  private func hasArrived(_ entry: LogEntry, before deadline: NIODeadline?) async -> Bool {
    let limit = deadline.map { min(($0 - .now()).nanoseconds / 2, 10_000_000_000) } ?? 10_000_000_000
    do {
      return try await core.acks.waitUntilArrived(entry, for: .nanoseconds(limit))
    } catch {
      // The message is in the log, which is what the answer says.
      core.logger.debug("whether a message has arrived is not known", metadata: ["error": "\(error)"])
      return false
    }
  }

  /// A key from the field of that name.
  func idempotencyKey(_ text: String) throws(RPCError) -> IdempotencyKey {
    try parse("idempotency_key") { () throws(InvalidIdentifier) in try IdempotencyKey(text) }
  }

  /// A conversation in which a user can speak, from a field of that name.
  func conversation(_ text: String, of user: UserID) throws(RPCError) -> Conversation {
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
    guard request.before == nil || request.after == nil else {
      throw RPCError(
        code: .invalidArgument, message: "after can't be set together with before: a page has one direction.")
    }
    let page = try await withStores {
      let start = try await begin(of: conversation, for: login.user)
      guard let after = request.after else {
        let before = request.before.map(LogPosition.init)
        return try await read(conversation, from: start, before: before, size: size)
      }
      return try await read(conversation, from: start, after: LogPosition(after), size: size)
    }
    return CimV1.HistoryResponse(
      messages: try page.entries.map { try CimV1.Message($0) }, more: page.hasMore)
  }

  /// The last entries before a place.
  private func read(
    _ conversation: Conversation, from start: LogPosition, before: LogPosition?, size: Int
  ) async throws -> (entries: [LogEntry], hasMore: Bool) {
    // One more than asked for tells whether there are older ones.
    let entries = try await core.stores.log.read(conversation, before: before, limit: size + 1)
      .filter { $0.position >= start }
    let page = HistoryPage.latest(of: entries.suffix(size))
    return (page, entries.count > page.count)
  }

  /// The first entries after a place.
  private func read(
    _ conversation: Conversation, from start: LogPosition, after: LogPosition, size: Int
  ) async throws -> (entries: [LogEntry], hasMore: Bool) {
    // The first that is for the user is one of those that follow the place before it.
    let begin = start.seq == 0 ? start : LogPosition(epoch: start.epoch, seq: start.seq - 1)
    let entries = try await core.stores.log.read(conversation, after: max(after, begin), limit: size + 1)
    let page = HistoryPage.earliest(of: entries.prefix(size))
    return (page, entries.count > page.count)
  }

  /// From where on a conversation is for a user.
  ///
  /// - Throws: PERMISSION_DENIED when the user has no part in it.
  func begin(of conversation: Conversation, for user: UserID) async throws -> LogPosition {
    switch conversation {
    case .lobby: return .beginning
    case .direct(let pair) where pair.contains(user): return .beginning
    case .group(let group):
      if let join = try await core.stores.groups.membership(of: user, in: group) { return join }
    case .direct: break
    }
    throw RPCError(
      code: .permissionDenied, message: "User \(user) has no part in the conversation \(conversation).")
  }
}

extension CimV1.BatchResult {
  fileprivate init(_ verdict: Verdict) {
    switch verdict {
    case .accepted(let entry, let duplicate, let reached):
      self.init(outcome: .accepted(CimV1.Accepted(entry, duplicate: duplicate, reached: reached)))
    case .refused(let refused): self.init(outcome: .refused(refused))
    }
  }
}

extension RPCError {
  /// It is not said where a message goes.
  static var noTarget: RPCError {
    RPCError(code: .invalidArgument, message: "target is missing: set user_id or conversation.")
  }

  /// A refusal as a status.
  init(_ refused: CimV1.Refused) {
    let code: StatusCode =
      switch refused.reason {
      case .invalid: .invalidArgument
      case .unknownUser, .notAMember: .notFound
      case .muted: .permissionDenied
      case .duplicateUnknown: .alreadyExists
      case .counterGap: .failedPrecondition
      case .blocked: .permissionDenied
      default: .unavailable
      }
    self.init(code: code, message: refused.detail)
  }
}
