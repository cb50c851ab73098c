import CIMCore

/// The names of what is stored. Each entity has one hash tag, the part in braces, so that all that a script touches is
/// in one slot of a Redis Cluster. Delayed messages have theirs in `DelayedShard`.
///
/// Ids consist of letters that cannot end a tag; what users chose freely is encoded (`encoded(_:)`), so that no name can
/// look like another key.
enum StoreKey {
  /// The last account id that was given: a counter.
  static let lastAccountID = "{accounts}:last-id"

  /// A name's account id.
  static func name(_ name: UserName) -> String { "{n:\(encoded(name.rawValue))}" }

  /// An account: a hash with its `name`.
  static func account(_ user: UserID) -> String { "{u:\(user)}:account" }

  /// A user's logins: a hash, see `RedisScript.createLogin`.
  static func logins(_ user: UserID) -> String { "{u:\(user)}:logins" }

  /// A user's sessions: a hash from device to `<epoch> <login generation> <server instance>[ <kind>]`.
  static func sessions(_ user: UserID) -> String { "{u:\(user)}:sessions" }

  /// The session epochs that were drawn for a user: a hash, see `RedisScript.openSession`.
  static func sessionEpochs(_ user: UserID) -> String { "{u:\(user)}:session-epochs" }

  /// A user's dirty marks: a sorted set of conversations by the time of their mark in milliseconds.
  static func dirty(_ user: UserID) -> String { "{u:\(user)}:dirty" }

  /// How far the furthest of a user's devices is: a hash from conversation to position.
  static func cursors(_ user: UserID) -> String { "{u:\(user)}:cursors" }

  /// How far a device is: a hash from conversation to position.
  static func cursors(_ device: UserDevice) -> String { "{u:\(device.user)}:cursors:\(device.device)" }

  /// How far a user has read: a hash from conversation to position.
  static func reads(_ user: UserID) -> String { "{u:\(user)}:reads" }

  /// The private conversations that a user may have: a sorted set by the time of their note in milliseconds.
  static func contacts(_ user: UserID) -> String { "{u:\(user)}:contacts" }

  /// Whom a user may have blocked: a sorted set of user ids by the time of their line in milliseconds.
  static func blocked(_ user: UserID) -> String { "{u:\(user)}:blocked" }

  /// Who of two users blocks the other: a set of user ids, in the slot of their conversation.
  static func blockers(_ pair: UserPair) -> String { "{c:\(Conversation.direct(pair))}:blockers" }

  /// The groups that a user may be in: a hash, see `GroupHints`.
  static func groups(_ user: UserID) -> String { "{u:\(user)}:groups" }

  /// The servers on which sessions were opened: a set of server instances.
  static let instances = "{servers}:instances"

  /// Who is online on a server: a sorted set of `<user>/<device>/<epoch>` by user id.
  static func online(_ instance: ServerInstance) -> String { "{s:\(instance)}:online" }

  /// A conversation's log: a stream, its ids are the positions.
  static func log(_ conversation: Conversation) -> String { "{c:\(conversation)}:log" }

  /// Where a conversation's log ends: a hash, see `RedisScript.logPrelude`.
  static func tail(_ conversation: Conversation) -> String { "{c:\(conversation)}:tail" }

  /// A group's members: a sorted set, see `RedisScript.changeMembership`.
  static func members(_ conversation: Conversation) -> String { "{c:\(conversation)}:members" }

  /// Who was a member of a group: a hash from user id to the position where the user left.
  static func formerMembers(_ conversation: Conversation) -> String { "{c:\(conversation)}:former-members" }

  /// What a conversation remembers of a producer: a hash, see `RedisScript.append`.
  static func producer(_ producer: ProducerID, _ conversation: Conversation) -> String {
    "{c:\(conversation)}:producer:\(producer)"
  }

  /// The position of what a sender said under a key.
  static func idempotencyKey(
    _ key: IdempotencyKey, sender: UserID, _ conversation: Conversation
  ) -> String {
    "{c:\(conversation)}:key:\(sender):\(encoded(key.rawValue))"
  }

  /// Percent-encodes all bytes but `[0-9A-Za-z_.-]`: different texts stay different, and none holds a brace or a colon.
  static func encoded(_ text: String) -> String {
    var encoded = ""
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"):
        encoded.unicodeScalars.append(UnicodeScalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        encoded += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
      }
    }
    return encoded
  }
}
