import CIMClient
import CIMCore
import Foundation
import NgRPC
import Testing

@testable import cim

@Suite struct JSONTests {
  private let ann = Account(id: UserID(2), name: (try? UserName("ann"))!)
  private let place = LogPosition(epoch: 5, seq: 7)
  private let time = Timestamp(milliseconds: 1_795_436_584_567)

  private var message: ChatMessage {
    ChatMessage(
      conversation: .lobby, position: self.place, sender: self.ann, loggedAt: self.time,
      text: "say \"hi\"\n\u{1B}\u{2028}ü", properties: ["b": "2", "a": "1"])
  }

  @Test("A message is one line with all that is known of it")
  func messages() {
    #expect(
      ChatOutput.message(self.message).json?.description
        == #"{"type":"message","conversation":"lobby","position":{"epoch":5,"seq":7},"#
        + #""time":"2026-11-23T12:23:04.567Z","sender":{"id":2,"name":"ann"},"#
        + #""text":"say \"hi\"\n\u001b\u2028ü","properties":{"a":"1","b":"2"}}"#)
  }

  @Test("A result names its line, and says what became of it")
  func results() {
    let line = SentLine(text: "hi", number: 3)
    let accepted = Accepted(
      conversation: .lobby, position: self.place, loggedAt: self.time, isDuplicate: false)
    #expect(
      ChatOutput.accepted(line, accepted).json?.description
        == #"{"type":"result","line":3,"text":"hi","ok":true,"conversation":"lobby","#
        + #""position":{"epoch":5,"seq":7},"time":"2026-11-23T12:23:04.567Z"}"#)
    let restored = SentLine(text: "hi", number: nil)
    #expect(
      ChatOutput.refused(restored, SendError(.unknownUser, "there is no user 9")).json?.description
        == #"{"type":"result","line":null,"text":"hi","ok":false,"code":"unknownUser","#
        + #""message":"there is no user 9"}"#)
  }

  @Test("Every output but an empty line and the program's own log is an object with a type, on one line")
  func all() throws {
    let team = try GroupID("team")
    let server = try ServerID("s1")
    let entry = MembershipEntry(
      conversation: .group(team), position: self.place, member: self.ann, change: .joined, loggedAt: self.time
    )
    let client = ChatClient(
      ChatClient.Configuration(
        routes: [Endpoint(host: "127.0.0.1", port: 1)], identity: .name(self.ann.name)))
    let page = HistoryPage(entries: [.message(self.message), .membership(entry)], older: self.place)
    let delayed = DelayedText(
      id: try DelayedID("x"), conversation: .lobby, text: "later", properties: [:], due: self.time,
      state: .failed("gone"))
    let direct = Conversation.direct(between: UserID(2), and: UserID(3))
    let summary = ConversationSummary(
      conversation: direct, peer: self.ann, last: self.place, lastLoggedAt: self.time,
      preview: .message(self.message), read: nil, unread: 3)
    let receipt = Receipt(conversation: direct, reader: self.ann, position: self.place, kind: .delivered)
    let reader = Reader(user: self.ann, delivered: self.place, read: nil)
    let outputs: [(type: String, output: ChatOutput)] = [
      ("receipt", .receipt(receipt, me: nil)), ("read", .read(direct, upTo: self.place)),
      ("done", .done(.markedRead([direct]))), ("done", .done(.blocked(UserID(3), isNew: true))),
      ("done", .done(.unblocked(UserID(3), isNew: false))),
      ("listing", .listing(.conversations([summary], isUnreadOnly: true, me: nil))),
      ("listing", .listing(.readers([reader], of: direct, me: nil))),
      ("listing", .listing(.blocked([self.ann], me: nil))),
      ("message", .message(self.message)), ("membership", .membership(entry, isOwn: false)),
      ("missed", .missed([.lobby: 3])), ("state", .state(.connecting, nil, news: nil)),
      ("state", .state(.ready(server), self.ann, news: .connected)),
      ("state", .state(.reconnecting(reason: "cut", delay: .milliseconds(1500)), nil, news: nil)),
      ("state", .state(.closed, nil, news: nil)),
      ("state", .state(.failed(ClientError(.kicked, "kicked")), nil, news: nil)),
      ("moved", .moved(to: server, away: .milliseconds(20))),
      ("reset", .reset(.lobby, after: nil, until: self.place, next: nil, me: nil)), ("resumed", .resumed(1)),
      ("held", .held(SentLine(text: "hi", number: 2))),
      ("done", .done(.createdGroup(team))), ("done", .done(.joinedGroup(team, isNew: false))),
      ("done", .done(.delayed(delayed.id, due: self.time))),
      ("done", .done(.undelayed(delayed.id, inTime: false))),
      ("done", .done(.removed(UserID(2), from: team, isNew: true))),
      ("done", .done(.muted(UserID(2), in: team, isNew: false))),
      ("done", .done(.unmuted(UserID(2), in: team, isNew: true))),
      (
        "listing",
        .listing(.group(ChatGroup(id: team, owner: self.ann, memberCount: 2, isMuted: true), me: nil))
      ),
      ("listing", .listing(.delayed([delayed], me: nil))),
      ("done", .done(.leftGroup(team, isNew: true))), ("done", .done(.answersHere(true))),
      ("answer", .answer("hi!")), ("listing", .listing(.onlineUsers([self.ann], prefix: "a", me: nil))),
      ("listing", .listing(.members([self.ann], of: team, me: nil))), ("listing", .listing(.groups([team]))),
      ("listing", .listing(.history(page, of: .lobby, me: nil))),
      (
        "listing",
        .listing(
          .found(
            [ChatLogLine(date: "2026-11-23", time: "12:03:04", text: "ann (2): hi")], keyword: "hi",
            hasMore: false))
      ),
      ("listing", .listing(.emoji(page: 1))), ("listing", .listing(.commands(LineCommand.all))),
      (
        "listing",
        .listing(.info(client.info, routes: client.configuration.routes, log: nil))
      ),
      ("error", .mistake(LineMistake(problem: "wrong", usage: [":olu"]), line: 4)),
      ("error", .unknown(":x", line: 5)), ("error", .failure("no", line: nil)),
    ]
    for (type, output) in outputs {
      let text = try #require(output.json).description
      #expect(!text.contains("\n"))
      let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
      #expect(object["type"] as? String == type, "\(text)")
    }
    #expect(ChatOutput.empty.json == nil && ChatOutput.log("x").json == nil)
  }
}
