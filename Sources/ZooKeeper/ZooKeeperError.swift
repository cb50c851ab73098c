/// ZooKeeper could not do what was asked.
public struct ZooKeeperError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The C library's number for a failure; any number can occur, the frequent ones have names.
  public struct Code: Hashable, Sendable {
    /// As in `zookeeper.h`, negative.
    public let rawValue: Int32

    /// Creates a code from its number.
    public init(rawValue: Int32) {
      self.rawValue = rawValue
    }

    /// No server answers. What was asked may have been done or not.
    public static let connectionLoss = Self(rawValue: -4)
    /// The server did not answer in time. What was asked may have been done or not.
    public static let operationTimeout = Self(rawValue: -7)
    /// The path or another argument is not valid.
    public static let badArguments = Self(rawValue: -8)
    /// The session has ended, and the new one is not there yet.
    public static let invalidState = Self(rawValue: -9)
    /// There is no such node, or no parent for it.
    public static let noNode = Self(rawValue: -101)
    /// The node's access list does not allow it.
    public static let noAuth = Self(rawValue: -102)
    /// The node has been written since.
    public static let badVersion = Self(rawValue: -103)
    /// The parent is ephemeral.
    public static let noChildrenForEphemerals = Self(rawValue: -108)
    /// The node exists.
    public static let nodeExists = Self(rawValue: -110)
    /// The node has children.
    public static let notEmpty = Self(rawValue: -111)
    /// The session has ended.
    public static let sessionExpired = Self(rawValue: -112)
    /// The servers don't let this client in.
    public static let authFailed = Self(rawValue: -115)
    /// The client was closed, or its session is being replaced.
    public static let closing = Self(rawValue: -116)
    /// The session is now served by another server.
    public static let sessionMoved = Self(rawValue: -118)
    /// The server has too much to do.
    public static let throttled = Self(rawValue: -127)
  }

  /// What went wrong.
  public let code: Code

  /// What was asked, such as "create".
  public let operation: String

  /// Of which node.
  public let path: String

  /// Creates an error.
  public init(_ code: Code, operation: String, path: String) {
    self.code = code
    self.operation = operation
    self.path = path
  }

  /// Whether asking again can succeed by itself.
  public var isTransient: Bool {
    switch self.code {
    case .connectionLoss, .operationTimeout, .invalidState, .sessionExpired, .closing, .sessionMoved,
      .throttled:
      true
    default: false
    }
  }

  public var description: String {
    "ZooKeeper: \(self.operation) \(self.path): \(self.code)"
  }
}

extension ZooKeeperError.Code: CustomStringConvertible {
  /// What is wrong and what to do.
  public var description: String {
    switch self {
    case .connectionLoss, .operationTimeout:
      "no server answers; check that ZooKeeper runs at the configured address. The client keeps trying"
    case .badArguments: "the path is not valid: it begins with '/', and has no empty part, '.' or '..'"
    case .invalidState, .sessionExpired:
      "the session has expired; the client is making a new one, try again then"
    case .noNode: "there is no such node"
    case .noAuth: "the node's access list does not allow it; let an operator look at it with 'getAcl'"
    case .badVersion: "the node has been written by another since it was read; read it again"
    case .noChildrenForEphemerals:
      "the parent is ephemeral and can have no children; choose another root path"
    case .nodeExists: "the node exists"
    case .notEmpty: "the node has children"
    case .authFailed: "the servers don't let this client in; check their access rules"
    case .closing: "the client was closed"
    case .sessionMoved: "the session has moved to another server; try again"
    case .throttled: "the server has too much to do; try again later"
    default: "error \(self.rawValue) of the ZooKeeper library"
    }
  }
}
