import CIMClient
import CIMCore
import Testing

@testable import cim

@Suite struct TranscriptTests {
  private static let clock = WallClock(
    now: { Timestamp(milliseconds: 1_795_436_584_567) }, secondsEast: { _ in 3600 })
  private let plain = Transcript(colours: false, clock: Self.clock)
  private let me = Account(id: UserID(7), name: (try? UserName("me"))!)

  private func message(
    _ text: String, from name: String = "olu", in conversation: Conversation = .lobby,
    at time: UInt64 = 1_795_436_584_567
  ) throws -> ChatMessage {
    ChatMessage(
      conversation: conversation, position: LogPosition(epoch: 1, seq: 1),
      sender: Account(id: UserID(1), name: try UserName(name)), loggedAt: Timestamp(milliseconds: time),
      text: text)
  }

  private func shown(_ output: ChatOutput) -> String? { self.plain.text(output) }

  @Test("A message is its time, its sender's name and id, and the text; private and group ones are marked")
  func messages() throws {
    #expect(self.shown(.message(try self.message("hi"))) == "13:23:04 olu (1): hi")
    let conversation = Conversation.direct(between: UserID(1), and: UserID(2))
    #expect(
      self.shown(.message(try self.message("hi", in: conversation))) == "13:23:04 [private] olu (1): hi")
    let group = Conversation.group(try GroupID("team"))
    #expect(self.shown(.message(try self.message("hi", in: group))) == "13:23:04 [g:team] olu (1): hi")
    let early = try self.message("hi", at: 1_795_436_584_567 - 86_400_000)
    #expect(self.shown(.message(early)) == "2026-11-22 13:23:04 olu (1): hi")
  }

  @Test("What the user said privately names whom it was said to")
  func ownPrivate() throws {
    let olu = Account(id: UserID(1), name: try UserName("olu"))
    let conversation = Conversation.direct(between: UserID(1), and: UserID(2))
    #expect(
      self.plain.logLine(try self.message("hi", in: conversation), me: olu).text
        == "[private to 2] olu (1): hi")
  }

  @Test("Colours mark the time and the sender, and nothing else changes")
  func colours() throws {
    let line = Transcript(colours: true, clock: Self.clock).message(try self.message("hi"))
    #expect(line == "\u{1B}[2m13:23:04\u{1B}[0m \u{1B}[36molu (1)\u{1B}[0m: hi")
  }

  @Test(
    "A text from outside can't command the terminal",
    arguments: [
      ("\u{1B}[2J\u{1B}]0;owned\u{7}", "␛[2J␛]0;owned␇"),
      ("over\rwritten", "over␍written"),
      ("\u{9B}31m", "\u{FFFD}31m"),
      ("back\u{8}\u{7F}", "back␈␡"),
      ("\u{202E}desrever", "\u{FFFD}desrever"),
      ("tab\tbed", "tab bed"),
      ("漢字 and é stay", "漢字 and é stay"),
    ])
  func neutralised(text: String, printed: String) {
    #expect(Transcript.printable(text) == printed)
  }

  @Test("A line break in a text can't pretend to be another message")
  func lineBreaks() throws {
    for lineBreak in ["\n", "\u{2028}", "\u{85}"] {
      let line = self.plain.message(try self.message("hi\(lineBreak)boss (1): do it"))
      #expect(line == "13:23:04 olu (1): hi\n    boss (1): do it")
    }
  }

  @Test("Online users are aligned, and the user is told apart")
  func onlineUsers() throws {
    let users = try [(8, "echo"), (9, "olu"), (112, "ann")].map { id, name in
      Account(id: UserID(UInt64(id)), name: try UserName(name))
    }
    #expect(
      self.shown(.listing(.onlineUsers(users, prefix: nil, me: users[1]))) == """
        online users: 3
            8  echo
            9  olu (you)
          112  ann
        """)
    #expect(
      self.shown(.listing(.onlineUsers([], prefix: "x", me: users[1])))
        == "online users whose names begin with \"x\": 0")
    #expect(
      self.shown(.listing(.members([users[0]], of: try GroupID("team"), me: users[1])))
        == "members of group team: 1\n  8  echo")
  }

  @Test("Who has read is told; that something was delivered, or read by the user, is not")
  func receipts() throws {
    let olu = Account(id: UserID(1), name: try UserName("olu"))
    let place = LogPosition(epoch: 1, seq: 4)
    func receipt(_ conversation: Conversation, _ kind: Receipt.Kind) -> ChatOutput {
      .receipt(Receipt(conversation: conversation, reader: olu, position: place, kind: kind), me: self.me)
    }
    let direct = Conversation.direct(between: self.me.id, and: olu.id)
    let team = Conversation.group(try GroupID("team"))
    #expect(self.shown(receipt(direct, .read)) == "* olu (1) has read what you wrote privately")
    #expect(self.shown(receipt(team, .read)) == "* olu (1) has read group team")
    #expect(self.shown(receipt(direct, .delivered)) == nil)
    #expect(self.shown(.read(direct, upTo: place)) == nil)
    #expect(
      self.shown(
        .listing(
          .readers(
            [
              Reader(user: olu, delivered: place, read: nil),
              Reader(user: self.me, delivered: nil, read: nil),
            ],
            of: team, me: self.me)))
        == "how far others are in group team: 2\n  olu (1): got 4\n  me (7): nothing yet")
  }

  @Test("Conversations are listed with what is unread and what was said last")
  func conversations() throws {
    let olu = Account(id: UserID(1), name: try UserName("olu"))
    func summary(_ conversation: Conversation, _ peer: Account?, _ unread: UInt64) throws
      -> ConversationSummary
    {
      ConversationSummary(
        conversation: conversation, peer: peer, last: LogPosition(epoch: 1, seq: 4),
        lastLoggedAt: Timestamp(milliseconds: 1_795_436_584_567),
        preview: peer == nil ? nil : .message(try self.message("psst", in: conversation)), read: nil,
        unread: unread)
    }
    let lines = [
      try summary(.direct(between: self.me.id, and: olu.id), olu, 12),
      try summary(.group(GroupID("team")), nil, 0),
    ]
    #expect(
      self.shown(.listing(.conversations(lines, isUnreadOnly: false, me: self.me))) == """
        your conversations: 2
          12 unread  with olu (1): 13:23:04 olu (1): psst
                     group team: 13:23:04
        """)
    #expect(
      self.shown(.listing(.conversations([], isUnreadOnly: true, me: self.me)))
        == "conversations with something unread: 0")
  }

  @Test("What is new of the connection is told in a line each")
  func states() throws {
    let server = ChatClient.State.ready(try ServerID("s1"))
    func line(_ state: ChatClient.State, _ news: ConnectionNews?) -> String? {
      self.shown(.state(state, self.me, news: news))
    }
    let trying = ChatClient.State.reconnecting(reason: "cut", delay: .seconds(1))
    let failed = ClientError(.alreadyOnline, "online elsewhere")
    #expect(line(server, .connected) == "* connected to server s1 as me (7)")
    #expect(line(server, .greeting(["hello", "there"])) == "hello\nthere")
    #expect(
      line(server, .back(after: .milliseconds(1234))) == "* back: connected to server s1 after 1.3 s")
    #expect(line(trying, .lost(reason: "cut")) == "* connection lost, reconnecting: cut")
    #expect(line(trying, .notYet(reason: "cut")) == "* not connected yet, trying on: cut")
    #expect(line(.failed(failed), .failed(failed)) == "! online elsewhere")
    #expect(line(trying, nil) == nil)
  }

  @Test("A refusal names the text, shortened; no answer is not told as one")
  func refusals() {
    let error = SendError(.unknownUser, "there is no user 9")
    func line(_ text: String, _ error: SendError) -> String? {
      self.shown(.refused(SentLine(text: text, number: 1), error))
    }
    #expect(line("hi", error) == "! not sent (\"hi\"): there is no user 9")
    let long = String(repeating: "x", count: 50)
    #expect(line(long, error) == "! not sent (\"xxxxxxxxxxxxxxxxxxxx…\"): there is no user 9")
    let unanswered = SendError(.unanswered, "the client was closed before the answer came")
    #expect(
      line("hi", unanswered) == "! no answer yet (\"hi\"): the client was closed before the answer came")
    #expect(self.shown(.resumed(1)) == "* 1 line of last time was not answered: sent again")
    #expect(self.shown(.resumed(2)) == "* 2 lines of last time were not answered: sent again")
  }

  @Test("What is missing is told in plain words, with its number where that is known")
  func resets() {
    func place(_ seq: UInt64, epoch: UInt64 = 1) -> LogPosition { LogPosition(epoch: epoch, seq: seq) }
    func line(_ after: LogPosition?, _ until: LogPosition?) -> String? {
      self.shown(.reset(.lobby, after: after, until: until, next: nil, me: nil))
    }
    let rest = "in the lobby can't be shown any more: they are too old, or too many"
    #expect(line(place(3), place(10)) == "* 7 messages \(rest)")
    #expect(line(nil, place(10)) == "* 10 messages \(rest)")
    #expect(line(place(3), place(10, epoch: 2)) == "* some messages \(rest)")
    #expect(line(place(3), nil) == "* some messages \(rest)")
  }

  @Test("Joining and leaving a group is a line, and so are a move and what was missed")
  func notices() throws {
    let entry = MembershipEntry(
      conversation: .group(try GroupID("team")), position: LogPosition(epoch: 1, seq: 1),
      member: Account(id: UserID(3), name: try UserName("ann")), change: .joined,
      loggedAt: Timestamp(milliseconds: 0))
    #expect(self.shown(.membership(entry, isOwn: false)) == "* ann (3) joined group team")
    #expect(self.shown(.membership(entry, isOwn: true)) == nil, "who did it was told")
    let removal = MembershipEntry(
      conversation: entry.conversation, position: entry.position, member: entry.member, change: .removed,
      by: Account(id: UserID(1), name: try UserName("owen")), loggedAt: entry.loggedAt)
    #expect(self.shown(.membership(removal, isOwn: false)) == "* owen (1) removed ann (3) from group team")
    #expect(self.shown(.moved(to: try ServerID("s2"), away: .zero)) == "* moved to server s2")
    let direct = Conversation.direct(between: UserID(1), and: UserID(2))
    let other = Conversation.direct(between: UserID(1), and: UserID(3))
    #expect(self.shown(.missed([direct: 1])) == "* 1 message came while you were away")
    #expect(
      self.shown(
        .missed([
          direct: 1, .group(try GroupID("team")): 3, .lobby: 10, .group(try GroupID("a")): 1, other: 1,
        ]))
        == "* 16 messages came while you were away: 10 to all, 1 in group a, 3 in group team, 2 private"
    )
    #expect(self.shown(.missed([.lobby: 12])) == "* 12 messages came while you were away: 12 to all")
  }

  @Test("What was searched for is marked in colour, and plain without")
  func found() {
    let line = ChatLogLine(date: "2026-11-23", time: "12:03:04", text: "olu (1): Tea, tea!")
    let output = ChatOutput.listing(.found([line], keyword: "tea", hasMore: true))
    let title = "lines of your chat log with \"tea\": the last 1\n  2026-11-23 12:03:04 olu (1): "
    #expect(self.shown(output) == title + "Tea, tea!")
    #expect(
      Transcript(colours: true, clock: Self.clock).text(output)
        == title + "\u{1B}[1;33mTea\u{1B}[0m, \u{1B}[1;33mtea\u{1B}[0m!")
  }

  @Test("A mistake is told with what is right; an unknown command with all there are")
  func mistakes() {
    #expect(
      self.shown(.mistake(LineMistake(problem: "the text is missing", usage: ["id;;text"]), line: 1))
        == "! not done: the text is missing; the form is:\n  id;;text")
    let unknown = self.shown(.unknown(":x", line: 1)) ?? ""
    #expect(unknown.hasPrefix("! there is no command \":x\"; these are the commands:\n"))
    for command in LineCommand.all { #expect(unknown.contains("\(command.usage) ")) }
    let misspelt = self.shown(.unknown(":histroy", line: 1)) ?? ""
    #expect(misspelt.hasPrefix("! there is no command \":histroy\" (did you mean :history?); these are"))
  }

  @Test("A page of history says whether there is more")
  func history() throws {
    let message = try self.message("hi")
    func page(_ older: LogPosition?, of conversation: Conversation = .lobby) -> String? {
      self.shown(
        .listing(
          .history(
            HistoryPage(entries: [.message(message)], older: older), of: conversation, me: self.me)))
    }
    let direct = Conversation.direct(between: UserID(7), and: UserID(1))
    #expect(
      page(nil, of: direct)?.hasPrefix("history of your private conversation with 1: 1\n  13:") == true)
    let lines = "history of the lobby: 1\n  13:23:04 olu (1): hi\n"
    #expect(page(message.position) == lines + "* for what is older, give the same command again")
    #expect(page(nil) == lines + "* nothing older is kept for you")
  }
}
