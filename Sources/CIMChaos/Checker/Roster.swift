import CIMCore

/// Who takes part in a run, and what they are to see.
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

  /// A group, and who belonged to it.
  public struct Group: Codable, Hashable, Sendable {
    /// Somebody's membership: what stands between the two places is for it.
    public struct Stay: Codable, Hashable, Sendable {
      /// Where the member joined.
      public let joined: LogPosition
      /// Where it left; `nil` when it has not.
      public let left: LogPosition?

      /// Describes a membership.
      public init(joined: LogPosition, left: LogPosition? = nil) {
        self.joined = joined
        self.left = left
      }

      /// Whether what stands at a place is for the member.
      func covers(_ position: LogPosition) -> Bool {
        self.joined < position && self.left.map { position < $0 } ?? true
      }
    }

    /// The group.
    public let conversation: Conversation
    /// The memberships of each user.
    public var stays: [UInt64: [Stay]]
    /// Who comes and goes, and only listens.
    public let visitors: Set<UInt64>

    /// Describes a group.
    public init(conversation: Conversation, stays: [UInt64: [Stay]], visitors: Set<UInt64> = []) {
      self.conversation = conversation
      self.stays = stays
      self.visitors = visitors
    }
  }

  /// Everybody.
  public let members: [Member]
  /// The groups.
  public var groups: [Group]
  /// From here on, the lobby is for everybody: all were there by then. `nil`: for each from the first it has seen.
  public var lobbyFrom: LogPosition?

  /// Describes who takes part.
  public init(members: [Member], groups: [Group] = [], lobbyFrom: LogPosition? = nil) {
    self.members = members
    self.groups = groups
    self.lobbyFrom = lobbyFrom
  }
}
