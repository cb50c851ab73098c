import TestSupport
import Testing

/// What people do with the commands of the chat, on terminals.
@Suite(.serialized) struct ChatCommandTests {
  @Test("Two people make, join, talk in, look at and leave a group", .timeLimit(.minutes(2)))
  func groups() async throws {
    let cluster = try await CimCluster()
    let ann = try await cluster.chat(as: "ann")
    let ben = try await cluster.chat(as: "ben")
    try await ann.does(":g new team", sees: "you have made group team")
    try await ben.does(":g new team", sees: "There is a group team already")
    try await ben.does(":g join team", sees: "you have joined group team")
    try await ann.sees("ben (\(ben.id)) joined group team")
    try await ben.does(":g join team", sees: "you are in group team already")
    try ann.type(":g say team hello team")
    try await ben.sees(
      "[g:team] ann (\(ann.id)): hello team")
    try await ben.does(":g list", sees: "your groups: 1")
    try await ben.does(":who team", sees: "members of group team: 2")
    try await ben.does(":history g:team 1", sees: "for what is older, give the same command again")
    try await ben.does(":history g:team 1", sees: "ben (\(ben.id)) joined group team")
    try await ben.does(":g leave team", sees: "you have left group team")
    try await ann.sees("ben (\(ben.id)) left group team")
    try await ben.does(":g say team anybody?", sees: "not sent (\"anybody?\")")
    try await ben.does(":who team", sees: "There is no group team of which you are a member")
    try await ben.does(":history g:team", sees: "has no part in the conversation g:team")
  }

  @Test(
    "What is to be said later is listed, prevented, or said although its sender has left",
    .timeLimit(.minutes(2)))
  func later() async throws {
    let cluster = try await CimCluster()
    let ann = try await cluster.chat(as: "ann")
    let ben = try await cluster.chat(as: "ben")
    try await ann.does(":delay \(ben.id);;tea is ready 4", sees: "prevents it")
    try await ann.does(":delay never 3600", sees: "prevents it")
    try await ann.does(":delayed", sees: "what you say later: 2")
    try await ann.sees("in the lobby: never")
    let id = try #require(
      ann.screen.split(whereSeparator: \.isNewline).last { $0.contains("in the lobby: never") }
    )
    .split(separator: " ").first.map(String.init)
    try await ann.does(":undelay \(try #require(id))", sees: "is not said")
    try await ann.does(":undelay \(try #require(id))", sees: "No message")
    try await ann.does(":delay 999999;;x 5", sees: "There is no user 999999")
    try ann.type(":q!")
    #expect(try await ann.process.waitUntilExit() == .code(0))
    try await ben.sees("[private] ann (\(ann.id)): tea is ready")
    #expect(!ben.screen.contains("never"))
  }

  @Test(
    "Who reads tells who wrote it; what is unread is listed, and a blocked user's lines are not sent",
    .timeLimit(.minutes(2)))
  func reading() async throws {
    let cluster = try await CimCluster()
    let ann = try await cluster.chat(as: "ann")
    let ben = try await cluster.chat(as: "ben")
    try ann.type("\(ben.id);;tea?")
    try await ben.sees("[private] ann (\(ann.id)): tea?")
    try await ben.does(":unread", sees: "1 unread  with ann (\(ann.id)): ")
    try await ben.does(":read", sees: "marked as read in 1 conversation")
    try await ann.sees("* ben (\(ben.id)) has read what you wrote privately")
    try await ann.does(":readers \(ben.id)", sees: "ben (\(ben.id)): got 1, read 1")
    try await ben.does(":unread", sees: "conversations with something unread: 0")
    try await ben.does(":block \(ann.id)", sees: "user \(ann.id) is blocked")
    try await ann.does("\(ben.id);;coffee?", sees: "not sent (\"coffee?\"): this user does not take messages")
    try await ben.does(":unblock \(ann.id)", sees: "is not blocked any more")
    try ann.type("\(ben.id);;cocoa?")
    try await ben.sees("[private] ann (\(ann.id)): cocoa?")
  }

  @Test("Names, the chat log, emoji, answers of one's own and help", .timeLimit(.minutes(2)))
  func others() async throws {
    let cluster = try await CimCluster()
    let ann = try await cluster.chat(as: "ann")
    let ben = try await cluster.chat(as: "ben")
    try await ann.does(":pu BE", sees: "begin with \"BE\": 1")
    try await ann.does(":who", sees: "online users: 2")
    try ann.type("\(ben.id);;a secret :tada:")
    try await ben.sees("a secret 🎉")
    try await eventually("what ann said is in her log once it is accepted; she sees:\n\(ann.screen)") {
      let mark = ann.process.output.end
      try await ann.does(":q SECRET", sees: "lines of your chat log with \"SECRET\": ")
      return ann.process.output.text(after: mark)
        .contains("[private to \(ben.id)] ann (\(ann.id)): a secret")
    }
    try await ben.does(":q secret", sees: "[private] ann (\(ann.id)): a secret")
    try await ben.does(":history \(ann.id)", sees: "history of your private conversation with \(ann.id)")
    try await ann.does(":emoji 2", sees: "page 2 of ")
    try await ann.does(":ai", sees: "answered here and not sent")
    try await ann.does("你好吗?", sees: "我好!")
    try await ann.does(":qai", sees: "sent to others again")
    try ann.type("and this is for all")
    try await ben.sees("and this is for all")
    #expect(!ben.screen.contains("好"), "what is answered here is not sent")
    try await ann.does(":nonsense", sees: ":history [conversation] [n]")
    try await ann.does(":g", sees: "make a group, with you in it")
    try await ann.does(":info", sees: "connected to server")
    try ann.type(":q")
    #expect(try await ann.process.waitUntilExit() == .code(0))
  }

  @Test(
    "The tabulator key completes commands and names; arrow keys bring earlier lines, also of an earlier chat",
    .timeLimit(.minutes(2)))
  func editing() async throws {
    let cluster = try await CimCluster()
    let ben = try await cluster.chat(as: "ben")
    let ann = try await cluster.chat(as: "ann")
    // The terminal gets only what changes. A tabulator that comes with what follows it was pasted, and is text.
    try await ann.presses(":wh\t", sees: "o")
    try await ann.does("", sees: "online users: 2")
    try await ann.presses("be\t", sees: ";;")
    try ann.type("only for you")
    try await ben.sees("only for you")
    // Several that begin so are listed.
    try await ann.presses(":q\t", sees: ":q   :q!   :qai")
    try ann.type("!")
    #expect(try await ann.process.waitUntilExit() == .code(0))

    let back = try await cluster.chat(as: "ann", after: ann)
    let up = "\u{1B}[A"
    try await back.does("\(up)\(up)\u{1} \u{5}, again", sees: "again")
    try await ben.sees("only for you, again")
  }

  @Test(
    "Names and what was searched for are marked by colour, where colours are wanted", .timeLimit(.minutes(2)))
  func colours() async throws {
    let cluster = try await CimCluster()
    let ann = try await cluster.chat(as: "ann", colours: true)
    let ben = try await cluster.chat(as: "ben")
    try ann.type("some tea")
    try await ben.sees(" ann (\(ann.id)): some tea")
    #expect(!ben.screen.contains("\u{1B}[3"))
    try await ben.does("any tea", sees: "any tea")
    try await ann.sees("\u{1B}[36mben (\(ben.id))\u{1B}[0m: any tea")
    try await ann.does(":q tea", sees: "any \u{1B}[1;33mtea\u{1B}[0m")
  }

  @Test("Wrong lines are told what is right, and change nothing", .timeLimit(.minutes(2)))
  func mistakes() async throws {
    let cluster = try await CimCluster()
    let wrong = [
      ":g new", ":g new a b", ":g new ../x", ":g join nowhere", ":g leave nowhere", ":g say team", ":g foo",
      ":olu x",
      ":history x", ":history lobby 0", ":who ü", ":who nowhere", ":pu", ":emoji 0", ":q! now", ":x",
      "abc;;x", "7;;",
      "999999;;x", ":g say nowhere x",
    ]
    let chat = try cluster.script(["--name", "ann"])
    try chat.write((wrong + [":g list", ":history", "", ":q!"]).joined(separator: "\n") + "\n")
    #expect(try await chat.waitUntilExit() == .code(1), "not every line was done")
    #expect(
      chat.output.text == "your groups: 0\nhistory of the lobby: 0\n* nothing older is kept for you\n")
    let told = chat.errors.text.split(separator: "\n").filter { $0.hasPrefix("! ") }
    #expect(told.count == wrong.count, "\(chat.errors.text)")
  }
}
