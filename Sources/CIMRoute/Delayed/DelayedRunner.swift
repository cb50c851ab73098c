import CIMCore
import CIMProtos
import Logging
import NIOCore
import NgRPC
import Synchronization

/// Sends delayed messages when their time has come. All routes do so side by side: a message belongs to the one that takes it, for
/// as long as its lease lasts.
///
/// A message goes through the intake like any other, under its own id as its producer: sent again, by this route or by another, it
/// is in the log once. What is refused for good is kept for its sender to see; what can't be sent now is tried again.
final class DelayedRunner: Sendable {
  /// How long to wait before a message is tried again that could not be sent, in milliseconds.
  private static let pause: UInt64 = 500

  private let store: any DelayedStore
  private let intake: Intake
  private let links: LinkSet
  private let counters: RouteCounters
  private let logger: Logger
  private let schedule: Mutex<DelayedSchedule>
  private let activity = Activity()

  init(
    configuration: RouteConfiguration, store: any DelayedStore, intake: Intake, links: LinkSet,
    counters: RouteCounters, logger: Logger
  ) {
    self.store = store
    self.intake = intake
    self.links = links
    self.counters = counters
    self.logger = logger
    let interval = configuration.delayedInterval
    // Not all routes at the same time.
    let start = NIODeadline.now() + .nanoseconds(.random(in: 0...interval.nanoseconds))
    schedule = Mutex(DelayedSchedule(interval: interval, limit: configuration.maxDelayed, start: start))
  }

  /// Looks for messages again and again, until `stop`, or until the task is cancelled.
  func run() async {
    while !Task.isCancelled {
      // Before the first list of servers a message would be delivered to nobody.
      let canSend = links.hasBeenRead
      switch schedule.withLock({ $0.next(at: .now(), canSend: canSend) }) {
      case .take(let limit): await take(limit)
      case .wait(let time):
        do { try await Task.sleep(for: .nanoseconds(time.nanoseconds)) } catch { return }
      case .stop: return
      }
    }
  }

  /// Takes nothing more. What was taken and not begun is given back.
  func stop() { schedule.withLock { $0.stop() } }

  /// Returns when nothing that was taken is under way.
  func waitUntilIdle() async { await activity.waitUntilIdle() }

  private func take(_ limit: Int) async {
    activity.begin()
    defer { activity.end() }
    let taken: [TakenMessage]
    do {
      taken = try await store.take(limit: limit)
    } catch {
      if schedule.withLock({ $0.failed(at: .now()) }), error.code != .cancelled {
        logger.warning(
          "delayed messages can't be looked for; trying again until it works", metadata: ["error": "\(error)"]
        )
      }
      return
    }
    let (isBack, isToBeSent) = schedule.withLock {
      ($0.answered(), $0.took(taken.count, of: limit, at: .now()))
    }
    if isBack { logger.info("delayed messages are looked for again") }
    guard isToBeSent else { return await giveBack(taken) }
    for message in taken { send(message) }
  }

  private func giveBack(_ taken: [TakenMessage]) async {
    guard !taken.isEmpty else { return }
    do {
      try await store.giveBack(taken)
    } catch {
      // Others have them when their leases are over.
      logger.debug("delayed messages could not be given back", metadata: ["error": "\(error)"])
    }
  }

  // MARK: One message

  private func send(_ taken: TakenMessage) {
    activity.begin()
    let end: @Sendable (DelayedEnd?) -> Void = { end in
      Task {
        await self.conclude(taken, end)
        self.schedule.withLock { $0.ended() }
        self.activity.end()
      }
    }
    if taken.isUncertain { return end(.failed(.uncertain)) }
    let message = taken.message
    let content: CimV1.Content
    do {
      content = try CimV1.Content(serialized: message.content)
    } catch {
      logger.error("a delayed message can't be read", metadata: ["id": "\(message.id)", "error": "\(error)"])
      return end(.failed(DelayedFailure(.invalid, "What was stored of the message can't be read.")))
    }
    intake.submit(
      Submission(
        sender: message.sender, conversation: message.conversation, idempotency: message.id.idempotency,
        content: content, ackLevel: .logged)
    ) { end(DelayedEnd($0)) }
  }

  /// - Parameter end: nil for a message that is to be tried again.
  private func conclude(_ taken: TakenMessage, _ end: DelayedEnd?) async {
    do throws(StoreError) {
      switch end {
      case .sent?:
        counters.delayedSent.count()
        try await store.conclude(taken.message, .sent)
      case .failed(let failure)?:
        counters.delayedFailed.count()
        logger.info(
          "a delayed message can't be sent",
          metadata: [
            "id": "\(taken.message.id)", "user": "\(taken.message.sender.id)", "reason": "\(failure.detail)",
          ])
        try await store.conclude(taken.message, .failed(failure))
      case nil:
        try await store.postpone([taken], milliseconds: Self.pause)
      }
    } catch {
      // It is taken again when its lease is over, and known by its log then.
      logger.debug(
        "what became of a delayed message could not be noted",
        metadata: ["id": "\(taken.message.id)", "error": "\(error)"])
    }
  }
}
