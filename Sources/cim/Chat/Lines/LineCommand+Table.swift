import CIMClient
import CIMCore

extension LineCommand {
  /// Every command, in the order of the help.
  static let all = [
    Self(":g say", .group, .text, does: "say something in a group") {
      .say($1, to: .conversation(.group($0)))
    },
    Self(":g new", .group, does: "make a group, with you in it", request: ChatRequest.createGroup),
    Self(":g join", .group, does: "join a group", request: ChatRequest.joinGroup),
    Self(":g leave", .group, does: "leave a group", request: ChatRequest.leaveGroup),
    Self(":g remove", .group, .user, does: "put somebody out of your group") { .removeFromGroup($0, $1) },
    Self(":g mute", .group, .user, does: "let somebody only read in your group") { .muteInGroup($0, $1) },
    Self(":g unmute", .group, .user, does: "let them speak again") { .unmuteInGroup($0, $1) },
    Self(
      ":g info", .group, does: "whose group it is, and how many are in it", request: ChatRequest.groupInfo),
    Self(":g list", does: "the groups that you are in") { .groups },
    Self(":g", does: "the commands for groups") { .help(":g") },
    Self(":who", Parameter.group.optional(), does: "who is in a group; without one: who is online") { group in
      group.map(ChatRequest.members) ?? .onlineUsers(prefix: nil)
    },
    Self(":olu", does: "who is online") { .onlineUsers(prefix: nil) },
    Self(":pu", .prefix, does: "who is online, of those whose names begin so") { .onlineUsers(prefix: $0) },
    Self(
      ":history", .conversation.optional(.lobby), .number("n", in: 1...200).optional(20),
      does: "the last n lines: lobby, a user's id, or g:group"
    ) { .history($0, count: $1) },
    Self(
      ":conversations", .number("n", in: 1...1000).optional(20), does: "your conversations, the latest first"
    ) {
      .conversations(count: $0, isUnreadOnly: false)
    },
    Self(":unread", does: "those in which something is unread") {
      .conversations(count: 0, isUnreadOnly: true)
    },
    Self(
      ":read", Parameter.conversation.optional(), does: "mark what you saw as read; alone: everywhere",
      request: ChatRequest.markRead),
    Self(
      ":readers", .conversation, does: "who has got and read it: a user's id, or g:group",
      request: ChatRequest.readers),
    Self(":block", .user, does: "take no private messages from a user", request: ChatRequest.block),
    Self(":unblock", .user, does: "take them again", request: ChatRequest.unblock),
    Self(":blocked", does: "whom you block") { .blocked },
    Self(":q", Parameter.keyword.optional(), does: "search your chat log; alone: leave") { keyword in
      keyword.map(ChatRequest.search) ?? .quit
    },
    Self(":q!", does: "leave") { .quit },
    Self(":delay", .textLater, does: "say it later, whether you are here then or not") {
      .delay($0.text, to: $0.destination, seconds: $0.seconds)
    },
    Self(":delayed", does: "what you say later") { .delayed },
    Self(":undelay", .delayedID, does: "do not say that later", request: ChatRequest.undelay),
    Self(":emoji", .number("page", in: 1...Emoji.pageCount).optional(1), does: "aliases of emoji, for texts")
    {
      .emoji(page: $0)
    },
    Self(":ai", does: "have what you type answered here and not sent") { .answerHere(true) },
    Self(":qai", does: "end that: what you type is sent") { .answerHere(false) },
    Self(":info", does: "who and where you are") { .info },
    Self(":all", does: "this list") { .help(nil) },
  ]

  /// How to say something, which takes no command.
  static let plainForms: [(usage: String, summary: String)] = [
    ("text", "to everybody"), (Self.privateForm, "to the user with that id, privately"),
  ]

  /// How to say something privately.
  static let privateForm = "id;;text"

  /// The commands whose names begin with that word; all for `nil`.
  static func family(_ word: String?) -> [Self] {
    guard let word else { return Self.all }
    return Self.all.filter { $0.name == word || $0.name.hasPrefix("\(word) ") }
  }

  /// The command that somebody may have meant who typed that word; `nil` when none is like it.
  static func nearest(to word: String) -> String? {
    let names = Set(Self.all.compactMap { $0.name.split(separator: " ").first.map(String.init) })
    let near = names.map { (name: $0, distance: editDistance($0, word)) }
      .filter { $0.distance <= ($0.name.count - 1) / 3 }
    return near.min { ($0.distance, $0.name) < ($1.distance, $1.name) }?.name
  }

  /// The command that a line begins with, by its longest name, and what follows that.
  static func find(in line: Substring) -> (command: Self, arguments: Substring)? {
    var words = ArgumentReader(line)
    guard let first = words.word() else { return nil }
    let rest = line.trimmingWhitespace.dropFirst(first.count)
    if let second = words.word(), let command = Self.all.first(where: { $0.name == "\(first) \(second)" }) {
      return (command, rest.trimmingWhitespace.dropFirst(second.count))
    }
    return Self.all.first { $0.name == first }.map { ($0, rest) }
  }
}
