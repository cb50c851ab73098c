import CIMCore

extension ChatClient {
  /// What happens to a client, in the order in which it happened.
  public enum Event: Hashable, Sendable {
    /// The connection changed. Sent messages survive a reconnect.
    case state(State)

    /// Somebody said something. Each message comes once, also when the service delivers it again. What this client sent
    /// itself does not come, and what was said while it was not connected does not come either: it is in the history.
    case message(ChatMessage)

    /// A message of `post` is in its conversation's log.
    case sendAccepted(SendTicket, Accepted)

    /// A message of `post` was not accepted, or it is not known whether it was.
    case sendRefused(SendTicket, SendError)

    /// The server closed the connection for a reason of its own. `state` tells whether the client comes back.
    case kicked(KickReason, detail: String)

    /// Messages of a conversation are missing that can't be had any more: those after `after` (`nil`: from the
    /// beginning) and before `next`. Servers that do not deliver what was missed do not say so.
    case reset(Conversation, after: LogPosition?, next: LogPosition)

    /// That many messages were dropped, because more than `Limits.unreadMessages` waited to be taken.
    case missed(Int)
  }

  /// Where a client stands.
  public enum State: Hashable, Sendable {
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
      case .connecting, .ready, .reconnecting: false
      }
    }
  }

  /// Why a server closed a connection.
  public enum KickReason: Hashable, Sendable {
    /// The same device connected again, elsewhere. The client gives up: two that replace each other would never end.
    case replaced
    /// The login was ended. The client gives up.
    case loggedOut
    /// Nothing was heard of the client. It connects again.
    case idle
    /// The client did not take what was sent to it. It connects again.
    case tooSlow
    /// A reason that this version does not know, by its number. The client connects again.
    case other(Int32)
  }
}
