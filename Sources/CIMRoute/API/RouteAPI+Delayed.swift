import CIMCore
import CIMProtos
import NIOCore
import NgRPC

extension RouteAPI {
  func scheduleSend(
    _ request: CimV1.ScheduleSendRequest, context: ServerContext
  ) async throws -> CimV1.ScheduleSendResponse {
    let (login, sender) = try await authorize(context)
    let conversation: Conversation =
      switch request.target {
      case .userID(let id): .direct(between: sender.id, and: try userID(id, "user_id"))
      case .conversation(let text): try self.conversation(text, of: sender.id)
      case nil: throw RPCError.noTarget
      }
    let time = try time(of: request)
    let key = try request.idempotencyKey.isEmpty ? nil : idempotencyKey(request.idempotencyKey)
    let submission = Submission(
      sender: sender, conversation: conversation, idempotency: .none, content: request.content,
      ackLevel: .logged)
    // What can't be said now is refused now; it is looked at again when its time has come.
    if let refusal = try await withStores({ try await refusal(of: submission) }) {
      throw RPCError(CimV1.Refused(DelayedFailure(refusal)))
    }
    try await core.gate.require(core.configuration.limits.send(sender.id, login.device))
    let message = DelayedMessage(
      id: .random(), sender: sender, conversation: conversation, content: try submission.encodedContent())
    switch try await withStores({ try await core.stores.delayed.schedule(message, for: time, under: key) }) {
    case .scheduled(let id, let due, let duplicate):
      return CimV1.ScheduleSendResponse(
        id: id.rawValue, conversation: conversation.description,
        sendAtMs: Int64(clamping: due.milliseconds), duplicate: duplicate)
    case .tooMany(let limit):
      throw RPCError(
        code: .resourceExhausted,
        message: "\(limit) messages of yours wait already: cancel some, or wait until some are sent.")
    case .tooFar(let latest):
      let field = if case .after = time { "delay_ms" } else { "send_at_ms" }
      throw RPCError(
        code: .invalidArgument,
        message: "\(field) is too far ahead: the latest moment is \(latest.milliseconds) ms since 1970.")
    }
  }

  private func refusal(of submission: Submission) async throws(StoreError) -> Refusal? {
    if let refusal = try await core.intake.refusal(of: submission) { return refusal }
    guard case .group(let group) = submission.conversation,
      try await core.stores.groups.membership(of: submission.sender.id, in: group) == nil
    else { return nil }
    return .notAMember
  }

  private func time(of request: CimV1.ScheduleSendRequest) throws(RPCError) -> DelayedTime {
    switch request.time {
    case .sendAtMs(let moment):
      guard let milliseconds = UInt64(exactly: moment) else {
        throw RPCError(
          code: .invalidArgument,
          message: "send_at_ms is \(moment): it is counted from 1970, and not negative.")
      }
      return .at(Timestamp(milliseconds: milliseconds))
    case .delayMs(let delay):
      guard let milliseconds = UInt64(exactly: delay) else {
        throw RPCError(
          code: .invalidArgument, message: "delay_ms is \(delay): it must be 0 or more.")
      }
      return .after(milliseconds: milliseconds)
    case nil:
      throw RPCError(code: .invalidArgument, message: "time is missing: set send_at_ms or delay_ms.")
    }
  }

  func listScheduled(
    _ request: CimV1.ListScheduledRequest, context: ServerContext
  ) async throws -> CimV1.ListScheduledResponse {
    let (login, _) = try await authorize(context)
    let size = try pageSize(request.pageSize, default: 50, limit: 200)
    var place: ScheduledPlace?
    if !request.pageToken.isEmpty {
      guard let last = ScheduledPlace(request.pageToken) else { throw RPCError.invalidPageToken }
      place = last
    }
    // One more than asked for tells whether there is another page.
    let found = try await withStores {
      try await core.stores.delayed.scheduled(of: login.user, after: place, limit: size + 1)
    }
    let count = HistoryPage.prefix(of: found.prefix(size).map(\.message.content.readableBytes))
    let page = found.prefix(count)
    return CimV1.ListScheduledResponse(
      messages: try page.map { try CimV1.ScheduledMessage($0) },
      nextPageToken: found.count > count ? page.last?.place.description ?? "" : "")
  }

  func cancelScheduled(
    _ request: CimV1.CancelScheduledRequest, context: ServerContext
  ) async throws -> CimV1.CancelScheduledResponse {
    let (login, _) = try await authorize(context)
    let id = try parse("id") { () throws(InvalidIdentifier) in try DelayedID(request.id) }
    switch try await withStores({ try await core.stores.delayed.cancel(id, of: login.user) }) {
    case .cancelled: return CimV1.CancelScheduledResponse(cancelled: true)
    case .tooLate: return CimV1.CancelScheduledResponse(cancelled: false)
    case .unknown:
      throw RPCError(
        code: .notFound,
        message: "No message \(id) of yours waits: it was sent or cancelled, or there never was one.")
    }
  }
}
