import CIMCore

extension ChatClient {
  /// What happens to a client, in the order in which it happened.
  public enum Event: Hashable, Sendable {
    /// The connection changed. Sent messages survive a reconnect.
    case state(State)

    /// The client has moved to that server, because the one that it was connected to is going away. It was ready all along, and
    /// `Info.state` names the new server; between the end of the old connection and the new one being open lay `away`.
    case moved(to: ServerID, away: Duration)

    /// Somebody said something. Each message comes once, in the order of its conversation, also when the service delivers it again
    /// and also what was said while the client was away. What this client sent itself does not come; what other devices
    /// of its user sent does.
    case message(ChatMessage)

    /// Somebody joined or left a group.
    case membership(MembershipEntry)

    /// Messages of a conversation are missing that can't be had any more: those after `after`, which is the last one that this client
    /// has (`nil`: from the beginning), up to `until`. The conversation goes on with `next` (`nil`: there is none yet).
    ///
    /// They are too old for the service to have them, or more than it delivers late, or its log was lost; `until` is `nil` when nothing of
    /// the log is left.
    case reset(Conversation, after: LogPosition?, until: LogPosition?, next: LogPosition?)

    /// A message of `post`, or one of `restored`, is in its conversation's log.
    case sendAccepted(SendTicket, Accepted)

    /// After `sendAccepted`, for a message that was sent with the level `delivered` and was not delivered by then: it is now. When
    /// `Accepted.reached` is less, the service does not remember any more whether it is.
    case sendDelivered(SendTicket, Accepted)

    /// A message of `post`, or one of `restored`, was not accepted, or it is not known whether it was.
    case sendRefused(SendTicket, SendError)

    /// Somebody else has got or read what this user said, up to a place. Of those that wait for the application, only the last of
    /// each reader, conversation and kind. They are hints, and `readers(of:)` tells at any time how it stands.
    case receipt(Receipt)

    /// The user has read a conversation up to a place, on this device or another. After each new connection all that the service
    /// knows and this client did not.
    case read(Conversation, upTo: LogPosition)

    /// The server closed the connection for a reason of its own. `state` tells whether the client comes back.
    case kicked(KickReason, detail: String)
  }

  /// Where a client stands.
  ///
  /// It begins with `initialized`, goes on to `connecting` with `connect()`, then from `ready` to `reconnecting` and back as often
  /// as connections are lost, and ends with `closed` or `failed`, either of which can follow any other.
  public enum State: Hashable, Sendable {
    /// Made, and not told to connect yet. No event carries it: it is there before the first one.
    case initialized

    /// Logging in for the first time.
    case connecting

    /// Connected to that server: messages flow.
    case ready(ServerID)

    /// Not connected, for that reason; the next attempt is made after that time. Messages can be sent: they wait.
    case reconnecting(reason: String, delay: Duration)

    /// Closed by `close()`. The last event.
    case closed

    /// Given up, because trying again would not help. The last event.
    case failed(ClientError)

    /// Whether this is the end.
    public var isFinal: Bool {
      switch self {
      case .closed, .failed: true
      case .initialized, .connecting, .ready, .reconnecting: false
      }
    }
  }

  /// Why a server closed a connection.
  public enum KickReason: Hashable, Sendable {
    /// The same device connected again, elsewhere. The client gives up: two that replace each other would never end. It connects
    /// again, once, when it may have been an earlier attempt of its own that came through late.
    case replaced
    /// Another device of the user logged in later, and the service does not allow both. The client gives up: only the user knows
    /// which of the two is meant to stay.
    case replacedByDevice
    /// The login was ended. The client gives up.
    case loggedOut
    /// An operator of the service ended the login. The client gives up.
    case endedByOperator
    /// Nothing was heard of the client. It connects again.
    case idle
    /// The service has lost track of the connection. The client connects again.
    case lostTrack
    /// A reason that this version does not know, by its number. The client connects again.
    case other(Int32)
  }
}
