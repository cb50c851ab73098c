import CIMClient
import CIMCore
import Testing

@testable import cim

@Suite struct ChatLineTests {
  private static let team = (try? GroupID("team"))!

  private static let meant: [(String, ChatRequest)] = [
    ("hello there", .say("hello there", to: .lobby)),
    ("  indented", .say("  indented", to: .lobby)),
    ("windows\r", .say("windows", to: .lobby)),
    ("for (;;) {}", .say("for (;;) {}", to: .lobby)),
    (";;", .say(";;", to: .lobby)),
    (":-)", .say(":-)", to: .lobby)),
    (":", .say(":", to: .lobby)),
    (":smile: hi", .say("😄 hi", to: .lobby)),
    ("7;;psst", .say("psst", to: .user(UserID(7)))),
    ("7;;:+1:", .say("👍", to: .user(UserID(7)))),
    (" 7 ;; two; semicolons;;", .say(" two; semicolons;;", to: .user(UserID(7)))),
    (":olu", .onlineUsers(prefix: nil)),
    (":who", .onlineUsers(prefix: nil)),
    (":who team", .members(team)),
    (":pu a b", .onlineUsers(prefix: "a b")),
    (":g", .help(":g")),
    (":g new team", .createGroup(team)),
    (":g join team", .joinGroup(team)),
    (":g   join\tteam ", .joinGroup(team)),
    (":g leave g:team", .leaveGroup(team)),
    (":g remove team 7", .removeFromGroup(team, UserID(7))),
    (":g mute g:team 7", .muteInGroup(team, UserID(7))),
    (":g unmute team 7", .unmuteInGroup(team, UserID(7))),
    (":g info team", .groupInfo(team)),
    (":g list", .groups),
    (":g say team  well: then :tada:", .say("well: then 🎉", to: .conversation(.group(team)))),
    (":history", .history(.lobby, count: 20)),
    (":history 7", .history(.user(UserID(7)), count: 20)),
    (":history g:team 50", .history(.conversation(.group(team)), count: 50)),
    (":delay tea is ready 300", .delay("tea is ready", to: .lobby, seconds: 300)),
    (":delay 42 times 7", .delay("42 times", to: .lobby, seconds: 7)),
    (":delay 7;;psst :+1: 5", .delay("psst 👍", to: .user(UserID(7)), seconds: 5)),
    (":delay :g say team hi 31622400", .delay("hi", to: .conversation(.group(team)), seconds: 31_622_400)),
    (":delayed", .delayed),
    (":undelay 00c0ffee00c0ffee", .undelay((try? DelayedID("00c0ffee00c0ffee"))!)),
    (":conversations", .conversations(count: 20, isUnreadOnly: false)),
    (":conversations 5", .conversations(count: 5, isUnreadOnly: false)),
    (":unread", .conversations(count: 0, isUnreadOnly: true)),
    (":read", .markRead(nil)),
    (":read g:team", .markRead(.conversation(.group(team)))),
    (":readers 7", .readers(.user(UserID(7)))),
    (":block 7", .block(UserID(7))),
    (":unblock 7", .unblock(UserID(7))),
    (":blocked", .blocked),
    (":q", .quit),
    (":q!", .quit),
    (":q two words", .search("two words")),
    (":emoji", .emoji(page: 1)),
    (":emoji 2", .emoji(page: 2)),
    (":ai", .answerHere(true)),
    (":qai", .answerHere(false)),
    (" :info ", .info),
    (":all", .help(nil)),
  ]

  @Test("A line asks for what its form says", arguments: Self.meant)
  func requests(line: String, request: ChatRequest) {
    #expect(ChatLine(line) == .request(request))
  }

  @Test("A line of blanks is empty", arguments: ["", " ", " \t "])
  func empty(line: String) {
    #expect(ChatLine(line) == .empty)
  }

  @Test(
    "What begins like a command and is none is said to be unknown", arguments: [":unheard of", ":smlie:"])
  func unknown(line: String) {
    #expect(ChatLine(line) == .unknown(String(line.prefix { $0 != " " })))
  }

  private static let longID = String(repeating: "x", count: 65)

  private static let wrong: [(line: String, problem: String, usage: String)] = [
    ("7;;", "the text is missing", "id;;text"),
    ("7;; \t", "the text is missing", "id;;text"),
    ("abc;;x", "\"abc\" is no user id", "id;;text"),
    ("0;;x", "\"0\" is no user id", "id;;text"),
    ("-1;;x", "\"-1\" is no user id", "id;;text"),
    ("99999999999999999999;;x", "is no user id", "id;;text"),
    (":olu all", "\"all\" is too much", ":olu"),
    (":who a b", "\"b\" is too much", ":who [group]"),
    (":who ü", "\"ü\" is no group id", ":who [group]"),
    (":pu", "the prefix is missing", ":pu prefix"),
    (":pu \(longID)", "the prefix is too long: 65 bytes, and 64 is the limit", ":pu prefix"),
    (":g nwe team", "there is no command :g nwe", ":g new group"),
    (":g new", "the group's id is missing", ":g new group"),
    (":g new a b", "\"b\" is too much", ":g new group"),
    (":g join \(longID)", "is no group id", ":g join group"),
    (":g leave ../x", "\"../x\" is no group id", ":g leave group"),
    (":g remove team", "the user's id is missing", ":g remove group id"),
    (":g remove team ann", "\"ann\" is no user id", ":g remove group id"),
    (":g mute team 0", "\"0\" is no user id", ":g mute group id"),
    (":g unmute 7", "the user's id is missing", ":g unmute group id"),
    (":g unmute team 7 8", "\"8\" is too much", ":g unmute group id"),
    (":g info", "the group's id is missing", ":g info group"),
    (":g list all", "\"all\" is too much", ":g list"),
    (":g say", "the group's id is missing", ":g say group text"),
    (":g say team", "the text is missing", ":g say group text"),
    (":history everything", "\"everything\" is no conversation", ":history [conversation] [n]"),
    (":history g: 3", "\"g:\" is no group id", ":history [conversation] [n]"),
    (":history lobby 0", "\"0\" is no valid n: a number from 1 to 200", ":history [conversation] [n]"),
    (":history lobby 201", "\"201\" is no valid n", ":history [conversation] [n]"),
    (":history lobby many", "\"many\" is no valid n", ":history [conversation] [n]"),
    (":history lobby 3 4", "\"4\" is too much", ":history [conversation] [n]"),
    (":delay", "the text is missing", ":delay text seconds"),
    (":delay tea", "the text or the seconds are missing", ":delay text seconds"),
    (":delay tea soon", "\"soon\" are no valid seconds: a number from 1 to 31622400", ":delay text seconds"),
    (":delay tea 0", "\"0\" are no valid seconds", ":delay text seconds"),
    (":delay tea 31622401", "\"31622401\" are no valid seconds", ":delay text seconds"),
    (":delay abc;;tea 3", "\"abc\" is no user id", ":delay text seconds"),
    (":delay :q! 3", "only texts are said later", ":delay text seconds"),
    (":delay :unheard 3", "only texts are said later", ":delay text seconds"),
    (":delayed all", "\"all\" is too much", ":delayed"),
    (":undelay", "the id is missing", ":undelay id"),
    (":undelay ü", "\"ü\" is no id of a message", ":undelay id"),
    (":undelay a b", "\"b\" is too much", ":undelay id"),
    (":conversations 0", "\"0\" is no valid n: a number from 1 to 1000", ":conversations [n]"),
    (":unread 7", "\"7\" is too much", ":unread"),
    (":read everything", "\"everything\" is no conversation", ":read [conversation]"),
    (":readers", "the conversation is missing", ":readers conversation"),
    (":block", "the user's id is missing", ":block id"),
    (":block ben", "\"ben\" is no user id: a number from 1 on", ":block id"),
    (":unblock 0", "\"0\" is no user id", ":unblock id"),
    (":blocked 7", "\"7\" is too much", ":blocked"),
    (":q \(String(repeating: "x", count: 257))", "the keyword is too long", ":q [keyword]"),
    (":q! now", "\"now\" is too much", ":q!"),
    (":emoji 0", "\"0\" is no valid page", ":emoji [page]"),
    (":emoji 99", "\"99\" is no valid page", ":emoji [page]"),
    (":emoji x", "\"x\" is no valid page", ":emoji [page]"),
    (":ai on", "\"on\" is too much", ":ai"),
    (":qai on", "\"on\" is too much", ":qai"),
    (":info me", "\"me\" is too much", ":info"),
    (":all of them", "\"of them\" is too much", ":all"),
  ]

  @Test("A wrong argument is named, with the right form, and nothing is asked for", arguments: Self.wrong)
  func mistakes(line: String, problem: String, usage: String) {
    guard case .mistake(let mistake) = ChatLine(line) else {
      Issue.record("\(line) was understood: \(ChatLine(line))")
      return
    }
    #expect(mistake.problem.contains(problem))
    #expect(mistake.usage.contains(usage))
  }

  @Test("Each command has its wrong arguments here, and its right ones")
  func complete() {
    for command in LineCommand.all where command.name != ":g" {
      #expect(Self.meant.contains { $0.0.contains(command.name) }, "\(command.name)")
      #expect(Self.wrong.contains { $0.usage == command.usage }, "\(command.usage)")
    }
  }

  @Test("No two commands have the same name, and no help is wider than a terminal")
  func table() {
    #expect(Set(LineCommand.all.map(\.name)).count == LineCommand.all.count)
    for line in Transcript(colours: false).commands(LineCommand.all).split(separator: "\n") {
      #expect(line.count <= 80, "\(line)")
    }
  }
}
