import CIMClient
import CIMCore

/// What a line of the chat asks for.
enum ChatRequest: Hashable, Sendable {
  /// To say something. Aliases of emoji are emoji by now.
  case say(String, to: Destination)
  /// To list who is online: those whose names begin with that, if anything is given.
  case onlineUsers(prefix: String?)
  /// To list a group's members.
  case members(GroupID)
  case createGroup(GroupID)
  case joinGroup(GroupID)
  case leaveGroup(GroupID)
  case removeFromGroup(GroupID, UserID)
  case muteInGroup(GroupID, UserID)
  case unmuteInGroup(GroupID, UserID)
  /// To tell who owns a group, and more of it.
  case groupInfo(GroupID)
  /// To list the groups of which the user is a member.
  case groups
  /// To list what was said there, so many entries.
  case history(Destination, count: Int)
  /// To mark as read what was shown of a conversation; `nil`: of all.
  case markRead(Destination?)
  /// To list the user's conversations: the last so many, or all with something unread.
  case conversations(count: Int, isUnreadOnly: Bool)
  /// To list how far others are in a conversation.
  case readers(Destination)
  /// To refuse a user's private messages, and one's own to the user.
  case block(UserID)
  case unblock(UserID)
  /// To list whom the user blocks.
  case blocked
  /// To search the chat log.
  case search(String)
  /// To say something later, so many seconds from now.
  case delay(String, to: Destination, seconds: Int)
  /// To list what is said later.
  case delayed
  /// Not to say what was to be said later.
  case undelay(DelayedID)
  /// To list aliases of emoji.
  case emoji(page: Int)
  /// To answer here what is typed, and send none of it, or no longer so.
  case answerHere(Bool)
  /// To tell who and where the user is.
  case info
  /// To list the commands: those whose names begin with that word.
  case help(String?)
  case quit
}
