import CIMCore

/// One call of a store, as a test names it: which method, and about whom or what.
public struct StoreCall: Hashable, Sendable {
  /// The methods of all stores.
  public enum Method: String, Hashable, Sendable, CaseIterable {
    // Accounts.
    case register, accounts
    // Logins.
    case createLogin, login, logins, revokeLogin
    // Sessions.
    case open, restate, close, sessions, onlineUsers, sweep, knownInstances, forget
    // The log.
    case markDirty, dirtyMarks, clearDirty, append, readBefore, readAfter, tails, ends
    // Cursors.
    case cursors, cursor, advance, begin
    // Groups.
    case createGroup, join, leave, changeMember, groupInfo, groups, members, membership, formerStays
    // Read marks.
    case advanceReads, readMarks
    // Contacts.
    case note, contacts, forgetContacts, block, unblock, blocked
    // Delayed messages.
    case schedule, scheduled, cancelDelayed, take, giveBack, postpone, conclude
    // Limits.
    case takeTokens
  }

  /// Which method.
  public let method: Method

  /// The users it is about; empty for a call about no user in particular.
  public let users: Set<UserID>

  /// The conversations it is about; empty for a call about none in particular.
  public let conversations: Set<Conversation>

  init(_ method: Method, users: some Sequence<UserID> = [], conversations: some Sequence<Conversation> = []) {
    self.method = method
    self.users = Set(users)
    self.conversations = Set(conversations)
  }

  /// Whether it is a call of that method, about that user and that conversation among others.
  func matches(_ method: Method, _ user: UserID?, _ conversation: Conversation?) -> Bool {
    self.method == method && user.map(users.contains) ?? true
      && conversation.map(conversations.contains) ?? true
  }
}
