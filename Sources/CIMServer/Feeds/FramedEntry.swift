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
    if case .membership(let change) = message.content?.kind, let user = message.sender?.id {
      switch change {
      case .joined: membership = Membership(user: user, isJoin: true)
      case .left: membership = Membership(user: user, isJoin: false)
      default: membership = nil
      }
    } else {
      membership = nil
    }
    frame = try FramedMessage(CimV1.ConnectResponse(frame: .message(message)))
  }

  /// How many bytes it takes on a client's stream.
  var byteCount: Int { frame.byteCount }
}
