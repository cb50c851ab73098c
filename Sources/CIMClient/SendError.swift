/// Why a message was not accepted.
public struct SendError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kinds of reasons. There may be more in a later version.
  public struct Code: Hashable, Sendable, CustomStringConvertible {
    private enum Name: String {
      case invalid, unknownUser, notAMember, muted, uncertain, unanswered, outboxFull, notConnected, closed,
        blocked
    }

    private let name: Name

    /// The content or the destination is not valid. Sending it again does not help.
    public static let invalid = Self(name: .invalid)
    /// There is no such user.
    public static let unknownUser = Self(name: .unknownUser)
    /// There is no such group, or this user is no member of it.
    public static let notAMember = Self(name: .notAMember)
    /// The receiver has blocked this user, or this user has blocked the receiver.
    public static let blocked = Self(name: .blocked)
    /// The group's owner has muted this user.
    public static let muted = Self(name: .muted)
    /// The message may be in the log or not: its answer was lost, and the service does not remember it any more.
    public static let uncertain = Self(name: .uncertain)
    /// The client ended before the answer came: the message may be in the log or not. In the storage it stays, and the next client that
    /// has it sends it again.
    public static let unanswered = Self(name: .unanswered)
    /// Too many messages wait for an answer. It was not sent; wait for answers first.
    public static let outboxFull = Self(name: .outboxFull)
    /// The client has not logged in yet. It was not sent; wait for `connect()` first.
    public static let notConnected = Self(name: .notConnected)
    /// The client was closed, or gave up, before the message was sent. One that was taken before the end stays in the storage, and the
    /// next client that has it sends it.
    public static let closed = Self(name: .closed)

    public var description: String { self.name.rawValue }

    /// The code of that description.
    init?(_ description: String) {
      guard let name = Name(rawValue: description) else { return nil }
      self.name = name
    }

    private init(name: Name) {
      self.name = name
    }
  }

  /// The kind of reason.
  public let code: Code

  /// The reason in words: what is wrong, and what to do.
  public let message: String

  /// Describes an error.
  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { self.message }
}
