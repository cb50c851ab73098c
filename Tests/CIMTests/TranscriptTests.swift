import CIMClient
import CIMCore
import Testing

@testable import cim

@Suite struct TranscriptTests {
  private let plain = Transcript(colours: false)

  private func message(_ text: String, from name: String = "olu", in conversation: Conversation = .lobby)
    throws
    -> ChatMessage
  {
    ChatMessage(
      conversation: conversation, position: LogPosition(epoch: 1, seq: 1),
      sender: Account(id: UserID(1), name: try UserName(name)), loggedAt: Timestamp(milliseconds: 0),
      text: text)
  }

  @Test("A message is its sender's name and id, and the text; a private one is marked")
  func messages() throws {
    #expect(self.plain.message(try self.message("hi")) == "olu (1): hi")
    let conversation = Conversation.direct(between: UserID(1), and: UserID(2))
    #expect(self.plain.message(try self.message("hi", in: conversation)) == "[private] olu (1): hi")
    let group = Conversation.group(try GroupID("team"))
    #expect(self.plain.message(try self.message("hi", in: group)) == "[team] olu (1): hi")
  }

  @Test("Colours mark the sender, and nothing else changes")
  func colours() throws {
    let line = Transcript(colours: true).message(try self.message("hi"))
    #expect(line == "\u{1B}[36molu (1)\u{1B}[0m: hi")
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
      #expect(line == "olu (1): hi\n    boss (1): do it")
    }
  }

  @Test("Online users are aligned, and the user is told apart")
  func onlineUsers() throws {
    let users = try [(8, "echo"), (9, "olu"), (112, "ann")].map { id, name in
      Account(id: UserID(UInt64(id)), name: try UserName(name))
    }
    #expect(
      self.plain.onlineUsers(users, me: users[1]) == """
        online users: 3
            8  echo
            9  olu (you)
          112  ann
        """)
  }

  @Test("States are told in a line each")
  func states() throws {
    let me = Account(id: UserID(7), name: try UserName("olu"))
    let server = ChatClient.State.ready(try ServerID("s1"))
    #expect(self.plain.state(server, account: me, isFirst: true) == "* connected to server s1 as olu (7)")
    #expect(self.plain.state(server, account: me, isFirst: false) == "* back: connected to server s1")
    let waiting = ChatClient.State.reconnecting(reason: "cut", delay: .milliseconds(1234))
    #expect(self.plain.state(waiting, account: me, isFirst: false) == "* reconnecting in 1.3 s: cut")
    #expect(
      self.plain.state(waiting, account: nil, isFirst: true)
        == "* not connected yet, trying again in 1.3 s: cut")
    #expect(self.plain.state(.connecting, account: nil, isFirst: true) == nil)
    let failed = ChatClient.State.failed(ClientError(.alreadyOnline, "online elsewhere"))
    #expect(self.plain.state(failed, account: me, isFirst: true) == "! online elsewhere")
  }

  @Test("A refusal names the text, shortened")
  func refusals() {
    let error = SendError(.unknownUser, "there is no user 9")
    #expect(self.plain.refused("hi", error) == "! not sent (\"hi\"): there is no user 9")
    let long = String(repeating: "x", count: 50)
    #expect(self.plain.refused(long, error) == "! not sent (\"xxxxxxxxxxxxxxxxxxxx…\"): there is no user 9")
  }

  @Test("Who got no answer is not told that the line was refused")
  func unanswered() {
    let error = SendError(.unanswered, "the client was closed before the answer came")
    #expect(
      self.plain.refused("hi", error)
        == "! no answer yet (\"hi\"): the client was closed before the answer came")
    #expect(self.plain.resumed(1) == "* 1 line of last time was not answered: sent again")
    #expect(self.plain.resumed(2) == "* 2 lines of last time were not answered: sent again")
  }

  @Test("What is missing is told in plain words, with its number where that is known")
  func resets() {
    func place(_ seq: UInt64, epoch: UInt64 = 1) -> LogPosition { LogPosition(epoch: epoch, seq: seq) }
    let rest = "in the lobby can't be shown any more: they are too old, or too many"
    #expect(self.plain.reset(.lobby, after: place(3), until: place(10)) == "* 7 messages \(rest)")
    #expect(self.plain.reset(.lobby, after: nil, until: place(10)) == "* 10 messages \(rest)")
    #expect(
      self.plain.reset(.lobby, after: place(3), until: place(10, epoch: 2)) == "* some messages \(rest)")
    #expect(self.plain.reset(.lobby, after: place(3), until: nil) == "* some messages \(rest)")
  }

  @Test("Joining and leaving a group is a line, and so is a move")
  func notices() throws {
    let entry = MembershipEntry(
      conversation: .group(try GroupID("team")), position: LogPosition(epoch: 1, seq: 1),
      member: Account(id: UserID(3), name: try UserName("ann")), change: .joined,
      loggedAt: Timestamp(milliseconds: 0))
    #expect(self.plain.membership(entry) == "* ann (3) joined group team")
    #expect(self.plain.moved(to: try ServerID("s2")) == "* moved to server s2")
  }
}
