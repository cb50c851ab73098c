/// Why a client gave up, or why the service did not do what was asked.
public struct ClientError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kinds of reasons. There may be more in a later version.
  public struct Code: Hashable, Sendable, CustomStringConvertible {
    private enum Name: String {
      case invalidName, unknownUser, wrongName, alreadyOnline, kicked, refused, incompatible, unavailable,
        storage, closed, invalid, notFound, alreadyExists, denied, tooMany
    }

    private let name: Name

    /// The service does not take that user name.
    public static let invalidName = Self(name: .invalidName)
    /// There is no account with that id.
    public static let unknownUser = Self(name: .unknownUser)
    /// The name is not that account's.
    public static let wrongName = Self(name: .wrongName)
    /// The user is online with another device, and the service allows one at a time.
    public static let alreadyOnline = Self(name: .alreadyOnline)
    /// The server ended the session for good.
    public static let kicked = Self(name: .kicked)
    /// The service refuses for another reason.
    public static let refused = Self(name: .refused)
    /// What listens there does not speak this protocol.
    public static let incompatible = Self(name: .incompatible)
    /// The service can't be reached or is not ready: try again later.
    public static let unavailable = Self(name: .unavailable)
    /// What the client must keep can't be read or written, is in use by another client, or is another account's.
    public static let storage = Self(name: .storage)
    /// The client was closed.
    public static let closed = Self(name: .closed)
    /// What was asked for is not valid: the message says in which way.
    public static let invalid = Self(name: .invalid)
    /// There is no such user, group or scheduled message, or this user is no member of that group.
    public static let notFound = Self(name: .notFound)
    /// There is such a group already.
    public static let alreadyExists = Self(name: .alreadyExists)
    /// This user has no part in that conversation.
    public static let denied = Self(name: .denied)
    /// There are as many as the service takes: the message says of what.
    public static let tooMany = Self(name: .tooMany)

    public var description: String { self.name.rawValue }
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
