import CIMCore
import CIMProtos
import Logging
import NIOCore
import NgRPC
import Synchronization

/// Accepts messages: checks them, appends them to their conversation's log, and has them delivered.
///
/// Messages to one conversation are handled in the order in which they were submitted, those to different ones in
/// parallel.
final class Intake: Sendable {
  private struct Job {
    let submission: Submission
    let arrived = NIODeadline.now()
    let answer: @Sendable (Verdict) -> Void
  }

  /// How often a message's receiver is marked before the store is taken for too slow.
  private static let maxMarks = 5

  private let rules: MessageRules
  private let log: any MessageLog
  private let accounts: KnownAccounts
  private let contacts: KnownContacts
  private let delivery: Delivery
  private let acks: AckDesk
  private let counters: RouteCounters
  private let logger: Logger
  private let lanes: Mutex<Lanes<Conversation, Job>>
  private let idle = Latest(true)
  private let accepted = Mutex(LatencyHistogram())

  init(
    configuration: RouteConfiguration, log: any MessageLog, accounts: KnownAccounts, contacts: KnownContacts,
    delivery: Delivery, acks: AckDesk, counters: RouteCounters, logger: Logger
  ) {
    rules = MessageRules(maxTextBytes: configuration.maxTextBytes)
    self.log = log
    self.accounts = accounts
    self.contacts = contacts
    self.delivery = delivery
    self.acks = acks
    self.counters = counters
    self.logger = logger
    lanes = Mutex(
      Lanes(maxPerLane: configuration.maxQueuedPerConversation, maxInAll: configuration.maxQueued))
  }

  /// How long messages took from their submission until they were accepted.
  var acceptance: LatencyHistogram { accepted.withLock { $0 } }

  /// Submits a message.
  ///
  /// - Parameter answer: called once, from any thread, when the message is in the log and on its way, or refused.
  func submit(_ submission: Submission, _ answer: @escaping @Sendable (Verdict) -> Void) {
    let job = Job(submission: submission, answer: answer)
    let admission = lanes.withLock { lanes in
      let admission = lanes.add(job, to: submission.conversation)
      if admission == .work { idle.publish(false) }
      return admission
    }
    switch admission {
    case .work: Task { await self.work(beginningWith: job) }
    case .queued: break
    case .full: answer(.unavailable("Too many messages wait for their turn; send it again in a moment."))
    }
  }

  /// Submits a message and waits for what becomes of it.
  func submit(_ submission: Submission) async -> Verdict {
    await withCheckedContinuation { continuation in
      submit(submission) { continuation.resume(returning: $0) }
    }
  }

  /// Returns when no message is being handled.
  func waitUntilIdle() async {
    for await isIdle in idle.values() where isIdle { return }
  }

  private func work(beginningWith first: Job) async {
    var job = first
    while true {
      let verdict = await handle(job.submission)
      if case .accepted = verdict { accepted.withLock { $0.record(.now() - job.arrived) } }
      job.answer(verdict)
      let next = lanes.withLock { lanes in
        let next = lanes.next(of: job.submission.conversation)
        if lanes.isIdle { idle.publish(true) }
        return next
      }
      guard let next else { return }
      job = next
    }
  }

  // MARK: One message

  private func handle(_ submission: Submission) async -> Verdict {
    do {
      let refusal = try await refusal(of: submission)
      let content = refusal == nil ? try submission.encodedContent() : ByteBuffer()
      return await conclude(try await append(submission, content: content, refusal: refusal), of: submission)
    } catch let error as StoreError {
      return .unavailable("The message could not be logged; send it again. \(error.message)")
    } catch {
      logger.error("a message could not be encoded", metadata: ["error": "\(error)"])
      return .unavailable("The message could not be encoded; send it again.")
    }
  }

  private func append(
    _ submission: Submission, content: ByteBuffer, refusal: Refusal?
  ) async throws(StoreError) -> AppendOutcome {
    var outcome = AppendOutcome.staleMark
    for _ in 1...Self.maxMarks where outcome == .staleMark {
      var markedAt: Timestamp?
      if refusal == nil, let recipient = submission.recipient {
        try await contacts.note(UserPair(submission.sender.id, recipient))
        // Before the append: whatever dies afterwards, it is known that there is something to deliver. The mark allows it
        // for a time; a route that slept through that marks again.
        markedAt = try await log.markDirty(submission.conversation, for: [recipient])
      }
      outcome = try await log.append(
        Append(
          conversation: submission.conversation, sender: submission.sender,
          idempotency: submission.idempotency, content: content, refusal: refusal, markedAt: markedAt,
          wantsReplication: submission.ackLevel == .replicated))
    }
    guard outcome != .staleMark else {
      throw .unavailable("The store takes longer than the mark of the receiver is worth.")
    }
    return outcome
  }

  /// Why a message is refused for good, whatever its group's members are; nil when it is not.
  func refusal(of submission: Submission) async throws(StoreError) -> Refusal? {
    if let refusal = rules.refusal(of: submission.content) { return refusal }
    if let refusal = rules.refusal(of: submission.ackLevel, in: submission.conversation) { return refusal }
    guard let recipient = submission.recipient, recipient != submission.sender.id,
      try await accounts.account(recipient) == nil
    else { return nil }
    return Refusal(
      .unknownUser, "There is no user \(recipient); see who is online, or look the user up by name.")
  }

  private func conclude(_ outcome: AppendOutcome, of submission: Submission) async -> Verdict {
    switch outcome {
    case .accepted(let entry, let duplicate, let isReplicated):
      if duplicate { counters.deduplicated.count() } else { counters.accepted.count() }
      var reached = isReplicated ? CimV1.AckLevel.replicated : .logged
      do {
        // Also of a duplicate: whoever appended it may have died before it was delivered.
        try await delivery.deliver(entry)
        if duplicate, submission.ackLevel == .delivered, try await acks.hasArrived(entry) {
          reached = .delivered
        }
      } catch {
        counters.failedDeliveries.count()
        logger.debug("a message was logged and not delivered", metadata: ["error": "\(error)"])
        // With a number or a key it can be sent again, which delivers it.
        if submission.idempotency != .none {
          return .unavailable("The message is logged and could not be delivered; send it again. \(error)")
        }
      }
      return .accepted(entry, duplicate: duplicate, reached: reached)
    case .staleMark:
      return .unavailable("The store takes too long; send it again.")
    case .gap(let expected):
      return .refused(
        CimV1.Refused(
          reason: .counterGap,
          detail: "send_id.counter must be \(expected): send from that one on, or begin a new producer.",
          expectedCounter: expected))
    case .duplicateUnknown:
      return .refused(
        CimV1.Refused(
          reason: .duplicateUnknown,
          detail: "It was answered before, longer ago than the answer is kept; look into the history."))
    case .refused(let refusal): return .refused(refusal)
    }
  }
}
