import CIMClient
import CIMCore
import NgRPC

/// What a chat has to show; surfaces decide how.
enum ChatOutput: Sendable {
  // What happens.
  case message(ChatMessage)
  /// `isOwn`: this user did it, and knows of it.
  case membership(MembershipEntry, isOwn: Bool)
  /// So many messages came of each conversation that were said while the user was away.
  case missed([Conversation: Int])
  /// The connection changed. `news` is what a person wants to know of it, if anything.
  case state(ChatClient.State, Account?, news: ConnectionNews?)
  case moved(to: ServerID, away: Duration)
  /// Messages are missing for good; see `ChatClient.Event.reset`.
  case reset(
    Conversation, after: LogPosition?, until: LogPosition?, next: LogPosition?, me: Account?)
  /// Somebody has got or read what was said.
  case receipt(Receipt, me: Account?)
  /// The user has read so far, on this device or another.
  case read(Conversation, upTo: LogPosition)

  // What becomes of lines.
  /// It can't be sent yet, as there is no connection; it will be.
  case held(SentLine)
  case accepted(SentLine, Accepted)
  case refused(SentLine, SendError)
  /// So many lines of an earlier run are sent again.
  case resumed(Int)
  /// What was asked for was done.
  case done(Deed)
  case listing(Listing)
  /// An answer of `:ai`.
  case answer(String)
  case empty
  case mistake(LineMistake, line: Int)
  case unknown(String, line: Int)
  /// What was asked for did not work.
  case failure(String, line: Int?)

  /// What the program itself logs.
  case log(String)

  /// Whether it is about the connection or about what went wrong, and not what people say or an answer.
  var isNotice: Bool {
    switch self {
    case .state(_, _, .greeting?): false
    case .message, .done, .listing, .answer, .accepted: false
    case .membership, .missed, .state, .moved, .reset, .receipt, .read, .held, .refused, .resumed, .empty,
      .mistake, .unknown,
      .failure,
      .log:
      true
    }
  }
}

/// A line that was sent.
struct SentLine: Hashable, Sendable {
  /// What it says; empty when that is not known.
  let text: String
  /// Which line of the input it was, counted from 1; `nil` for one of an earlier run.
  let number: Int?
}

/// What a command has changed.
enum Deed: Hashable, Sendable {
  case createdGroup(GroupID)
  /// `isNew`: the user was no member before.
  case joinedGroup(GroupID, isNew: Bool)
  /// `isNew`: the user was a member before.
  case leftGroup(GroupID, isNew: Bool)
  /// `isNew`: the user was a member before.
  case removed(UserID, from: GroupID, isNew: Bool)
  /// `isNew`: the member was not muted before.
  case muted(UserID, in: GroupID, isNew: Bool)
  /// `isNew`: the member was muted before.
  case unmuted(UserID, in: GroupID, isNew: Bool)
  case answersHere(Bool)
  /// Something is said later.
  case delayed(DelayedID, due: Timestamp)
  /// `inTime`: it will not be said; otherwise it is being said.
  case undelayed(DelayedID, inTime: Bool)
  case markedRead([Conversation])
  /// `isNew`: the user was not blocked before.
  case blocked(UserID, isNew: Bool)
  /// `isNew`: the user was blocked before.
  case unblocked(UserID, isNew: Bool)
}

/// An answer that is a list.
enum Listing: Sendable {
  case onlineUsers([Account], prefix: String?, me: Account?)
  case members([Account], of: GroupID, me: Account?)
  case groups([GroupID])
  case group(ChatGroup, me: Account?)
  /// The same request again, with nothing between, lists what is older.
  case history(HistoryPage, of: Conversation, me: Account?)
  case conversations([ConversationSummary], isUnreadOnly: Bool, me: Account?)
  case readers([Reader], of: Conversation, me: Account?)
  case blocked([Account], me: Account?)
  /// The newest of what was found, oldest first; `hasMore`: there are older ones.
  case found([ChatLogLine], keyword: String, hasMore: Bool)
  case delayed([DelayedText], me: Account?)
  case emoji(page: Int)
  case commands([LineCommand])
  case info(ChatClient.Info, routes: [Endpoint], log: String?)
}
