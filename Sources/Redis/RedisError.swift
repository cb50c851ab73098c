/// What went wrong with a command, a connection or a reply.
///
/// The code says what to do about it in a program, the message what to do about it as a person.
public struct RedisError: Error, Hashable, Sendable {
  /// The kind of an error. More kinds may come: a `switch` over them needs a default.
  public struct Code: Hashable, Sendable, CustomStringConvertible {
    private enum Kind: String, Hashable, Sendable {
      case connectFailed, connectionLost, timedOut, server, protocolViolation, overloaded, cancelled, shutdown
      case unexpectedReply, invalidAddress, invalidCommand
    }

    private let kind: Kind

    /// No connection could be made, or none soon enough. The command was not sent.
    public static let connectFailed = Code(kind: .connectFailed)
    /// The connection broke before the reply came. The command may or may not have run.
    public static let connectionLost = Code(kind: .connectionLost)
    /// No reply came in time. The command may have run, or may yet run.
    public static let timedOut = Code(kind: .timedOut)
    /// The server answered with an error; ``RedisError/serverCode`` is its first word.
    public static let server = Code(kind: .server)
    /// What came from the server is not the Redis protocol. The command may have run.
    public static let protocolViolation = Code(kind: .protocolViolation)
    /// Too many commands are waiting for their replies. The command was not sent.
    public static let overloaded = Code(kind: .overloaded)
    /// The task was cancelled. The command may have run, or may yet run.
    public static let cancelled = Code(kind: .cancelled)
    /// The client was shut down. The command was not sent.
    public static let shutdown = Code(kind: .shutdown)
    /// The reply is not of the type that was asked for.
    public static let unexpectedReply = Code(kind: .unexpectedReply)
    /// The address is not a valid Redis URL.
    public static let invalidAddress = Code(kind: .invalidAddress)
    /// The command is larger than the protocol allows. It was not sent.
    public static let invalidCommand = Code(kind: .invalidCommand)

    /// The name of the code, such as `connectionLost`.
    public var description: String { kind.rawValue }
  }

  /// The kind of error.
  public let code: Code
  /// What is wrong, and what to do.
  public let message: String
  /// The first word of a server's error, such as `WRONGTYPE`; nil for errors that are not the server's.
  public let serverCode: String?

  /// Makes an error that did not come from a server.
  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
    self.serverCode = nil
  }

  /// Makes an error from a server's error reply; known ones get a remedy after the server's own text.
  ///
  /// - Parameter text: The reply without its leading `-`, such as `WRONGTYPE Operation against a key …`.
  public init(serverReply text: String) {
    let word = text.prefix { $0 != " " }
    self.code = .server
    self.serverCode = String(word)
    self.message = ServerErrorRemedy.remedy(forServerCode: word).map { "\(text) (\($0))" } ?? text
  }

  /// Whether the command may have taken effect although no reply arrived: repeat it only if that does no harm.
  public var mayHaveRun: Bool {
    [.connectionLost, .timedOut, .protocolViolation, .cancelled].contains(code)
  }
}

extension RedisError: CustomStringConvertible {
  /// The code and the message.
  public var description: String { "\(code): \(message)" }
}
