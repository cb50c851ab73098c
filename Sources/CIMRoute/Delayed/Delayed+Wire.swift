import CIMCore
import CIMProtos
import NgRPC

extension DelayedEnd {
  /// How a delayed message has ended whose sending was answered like this; nil when it can be tried again.
  init?(_ verdict: Verdict) {
    switch verdict {
    case .accepted: self = .sent
    case .refused(let refused):
      switch refused.reason {
      // It is the only message of its producer: it was answered before, and so it was sent.
      case .duplicateUnknown: self = .sent
      case .invalid: self = .failed(DelayedFailure(.invalid, refused.detail))
      case .unknownUser: self = .failed(DelayedFailure(.unknownUser, refused.detail))
      case .notAMember: self = .failed(DelayedFailure(.notAMember, refused.detail))
      case .blocked: self = .failed(DelayedFailure(.blocked, refused.detail))
      case .muted: self = .failed(DelayedFailure(.muted, refused.detail))
      default: return nil
      }
    }
  }
}

extension CimV1.Refused {
  /// Why a delayed message was not sent.
  init(_ failure: DelayedFailure) {
    let reason: CimV1.RefusalReason =
      switch failure.reason {
      case .invalid: .invalid
      case .unknownUser: .unknownUser
      case .notAMember: .notAMember
      case .blocked: .blocked
      case .muted: .muted
      case .uncertain: .duplicateUnknown
      }
    self.init(reason: reason, detail: failure.detail)
  }
}

extension CimV1.ScheduledMessage {
  /// A delayed message as it travels.
  ///
  /// - Throws: `MessageDecodingError` when its content was written by something else than a route.
  init(_ scheduled: ScheduledMessage) throws {
    var state = CimV1.ScheduledState.waiting
    var failure: CimV1.Refused?
    switch scheduled.state {
    case .waiting: break
    case .sending: state = .sending
    case .failed(let reason):
      state = .failed
      failure = CimV1.Refused(reason)
    }
    self.init(
      id: scheduled.message.id.rawValue, conversation: scheduled.message.conversation.description,
      content: try CimV1.Content(serialized: scheduled.message.content),
      sendAtMs: Int64(clamping: scheduled.due.milliseconds), state: state, failure: failure)
  }
}
