import CIMCore

/// Who takes part in a run, and what they are to see: fixed before the first message that counts.
public struct Roster: Codable, Sendable {
  /// A user.
  public struct Member: Codable, Hashable, Sendable {
    /// The account.
    public let id: UserID
    /// Its name.
    public let name: String

    /// Describes a user.
    public init(id: UserID, name: String) {
      self.id = id
      self.name = name
    }
  }

  /// A group, with where each member's part of its log begins.
  public struct Group: Codable, Hashable, Sendable {
    /// The group.
    public let conversation: Conversation
    /// Where each member joined, by user: what stands after that is for it.
    public let joined: [UInt64: LogPosition]

    /// Describes a group.
    public init(conversation: Conversation, joined: [UInt64: LogPosition]) {
      self.conversation = conversation
      self.joined = joined
    }
  }

  /// Everybody.
  public let members: [Member]
  /// The groups.
  public let groups: [Group]
  /// From here on, the lobby is for everybody: all were there by then. `nil`: for each from the first it has seen.
  public var lobbyFrom: LogPosition?

  /// Describes who takes part.
  public init(members: [Member], groups: [Group] = [], lobbyFrom: LogPosition? = nil) {
    self.members = members
    self.groups = groups
    self.lobbyFrom = lobbyFrom
  }
}
