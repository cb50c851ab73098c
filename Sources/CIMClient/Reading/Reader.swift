import CIMCore
import CIMProtos

/// How far somebody is in a conversation.
public struct Reader: Hashable, Sendable {
  /// Who.
  public let user: Account

  /// A device of the user has stored everything up to here; `nil` when none has anything.
  public let delivered: LogPosition?

  /// The user has read everything up to here, or has said something here; `nil` when neither is known.
  public let read: LogPosition?

  /// Describes a reader.
  public init(user: Account, delivered: LogPosition?, read: LogPosition?) {
    self.user = user
    self.delivered = delivered
    self.read = read
  }
}

extension Reader {
  /// `nil` without a valid name.
  init?(_ reader: CimV1.Reader) {
    guard let user = Account(reader.user) else { return nil }
    self.init(
      user: user, delivered: reader.delivered.flatMap(LogPosition.init(nonzero:)),
      read: reader.read.flatMap(LogPosition.init(nonzero:)))
  }
}
