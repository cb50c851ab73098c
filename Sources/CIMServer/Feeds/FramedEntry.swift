import CIMCore
import CIMProtos
import NgRPC

/// An entry of a log on its way to clients: encoded once, shared by all who get it.
final class FramedEntry: Sendable {
  /// Somebody's part in the conversation changes with the entry.
  struct Membership: Sendable, Hashable {
    /// Whose.
    let user: UInt64
    /// Whether they are in from here on.
    let isJoin: Bool
  }

  let conversation: String
  let position: LogPosition
  /// The place of the entry before it.
  let previous: LogPosition
  /// What the entry says about somebody's part in the conversation, if it does.
  let membership: Membership?
  /// The `ConnectResponse` that carries it.
  let frame: FramedMessage

  /// - Throws: what the message's encoding throws.
  init(_ message: CimV1.Message) throws {
    conversation = message.conversation
    position = LogPosition(message.position)
    previous = LogPosition(message.previous)
    membership = Membership(message)
    frame = try FramedMessage(CimV1.ConnectResponse(frame: .message(message)))
  }

  /// How many bytes it takes on a client's stream.
  var byteCount: Int { frame.byteCount }
}

extension FramedEntry.Membership {
  /// What a message says of somebody's part in its conversation; nil when that stays what it is.
  fileprivate init?(_ message: CimV1.Message) {
    guard case .membership(let change) = message.content?.kind else { return nil }
    let concerned: (user: UInt64?, isJoin: Bool)
    switch change {
    case .joined: concerned = (message.sender?.id, true)
    case .left: concerned = (message.sender?.id, false)
    case .removed: concerned = (message.content?.member?.id, false)
    default: return nil
    }
    guard let user = concerned.user else { return nil }
    self.init(user: user, isJoin: concerned.isJoin)
  }
}
