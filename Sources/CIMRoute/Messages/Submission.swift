import CIMCore
import CIMProtos
import NIOCore
import NgRPC

/// A message that somebody wants to be accepted. Its names are valid; what it says and whom it is for is not checked yet.
struct Submission: Sendable {
  /// Who says it.
  let sender: Account
  /// Where it goes: the lobby, a group, or a private conversation of the sender's.
  let conversation: Conversation
  /// How a repetition is known.
  let idempotency: Append.Idempotency
  /// What it says.
  let content: CimV1.Content?
  /// How sure of it the sender wants to be.
  let ackLevel: CimV1.AckLevel

  /// The one for whom it is, in a private conversation.
  var recipient: UserID? {
    guard case .direct(let pair) = conversation else { return nil }
    return pair.peer(of: sender.id)
  }

  /// What it says, as logs keep it.
  func encodedContent() throws -> ByteBuffer {
    var buffer = ByteBuffer()
    try content?.serialize(into: &buffer)
    return buffer
  }
}

/// What became of a message.
enum Verdict: Sendable {
  /// It is in the log, and on its way. `reached` is the level that was reached by now.
  case accepted(LogEntry, duplicate: Bool, reached: CimV1.AckLevel)
  /// It was not accepted.
  case refused(CimV1.Refused)

  /// Whether it was not accepted and can be sent again under the same id.
  var isTransient: Bool {
    guard case .refused(let refused) = self else { return false }
    return refused.reason == .unavailable || refused.reason == .rateLimited
  }

  /// Not accepted now; it can be sent again under the same id.
  static func unavailable(_ detail: String) -> Self {
    .refused(CimV1.Refused(reason: .unavailable, detail: detail))
  }

  /// Not accepted, for good.
  static func refused(_ refusal: Refusal) -> Self {
    let reason: CimV1.RefusalReason =
      switch refusal.reason {
      case .invalid: .invalid
      case .unknownUser: .unknownUser
      case .notAMember: .notAMember
      case .blocked: .blocked
      case .muted: .muted
      }
    return .refused(CimV1.Refused(reason: reason, detail: refusal.detail))
  }
}
