import CIMCore
import Testing

@testable import CIMClient

@Suite struct ClientChangeTests {
  @Test(
    "The text of every change is one line, and gives the change back", arguments: try! SampleChanges.all())
  func roundTrip(change: ClientChange) {
    let text = "\(change)"
    #expect(text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
    #expect(ClientChange(text) == change)
  }

  @Test(
    "Other text is no change",
    arguments: [
      "", "cursor", "cursor lobby", "cursor lobby 1-2 3", "cursor nowhere 1-2", "cursor lobby x",
      "forgotten lobby",
      "device a%2", "attempted", "attempted x", "resolved 1 lost", "message lobby 1-2 1 ann 5 hi k",
      "message lobby 1-2 1 ann 5 %FF", "message lobby 1-2 1 ann 5 data= *",
      "message lobby 1-2 1 ann 5 attachment= image url ftp://x name image/png 1 AA 0 0",
    ])
  func malformed(text: String) {
    #expect(ClientChange(text) == nil)
  }

  @Test("A record is made of its own changes again")
  func record() throws {
    let record = ClientRecord(try SampleChanges.all())
    #expect(record.unsent.count == 6)
    #expect(ClientRecord(record.changes) == record)
  }

  @Test(
    "A message that has its last answer is not in the record any more, and a renumbered one was never sent")
  func outcomes() throws {
    let messages = try [1, 2].map { try SampleChanges.unsent(ticket: $0) }
    var record = ClientRecord(messages.map(ClientChange.enqueued))
    record.apply(.attempted(messages[1].ticket))
    #expect(record.unsent.map(\.isAttempted) == [false, true])
    let id = SendID(producer: try ProducerID("other"), conversation: .lobby, counter: 1)
    record.apply(.renumbered(messages[1].ticket, id))
    #expect(record.unsent[1].id == id)
    #expect(!record.unsent[1].isAttempted)
    record.apply(.resolved(messages[0].ticket, .failure(SendError(.uncertain, "who knows"))))
    #expect(record.unsent.map(\.ticket) == [messages[1].ticket])
    record.apply(.attempted(messages[0].ticket))
    #expect(record.unsent.count == 1)
  }
}

/// Changes of every kind, with texts that are hard to write.
enum SampleChanges {
  static func unsent(
    ticket: UInt64, text: String = "a text", content: MessageContent? = nil, accepted: Accepted? = nil
  ) throws -> UnsentMessage {
    UnsentMessage(
      ticket: SendTicket(number: ticket),
      id: SendID(
        producer: try ProducerID("producer"), conversation: .direct(between: UserID(1), and: UserID(2)),
        counter: ticket),
      content: content ?? .text(text), properties: ["a = b": "100 %", "": ""], level: .delivered,
      isAttempted: accepted != nil,
      accepted: accepted)
  }

  static func all() throws -> [ClientChange] {
    let ann = Account(id: UserID(1), name: try UserName("ann  =%ü"))
    let group = Conversation.group(try GroupID("g-1"))
    let position = LogPosition(epoch: .max, seq: 7)
    let accepted = Accepted(
      conversation: .lobby, position: position, loggedAt: Timestamp(milliseconds: 1), isDuplicate: true,
      reached: .replicated)
    let hash = [UInt8](0..<32)
    let image = try Attachment(
      .image, at: .url("https://files.example.org/1?a=b%20c"), name: "a cat=%.png", mediaType: "image/png",
      size: 1 << 53 - 1, sha256: hash, dimensions: .init(width: 1, height: 1_000_000))
    let file = try Attachment(
      .file, at: .key("url"), name: "url", mediaType: "application/pdf", size: 1, sha256: hash)
    let id = SendID(producer: try ProducerID("p2"), conversation: .lobby, counter: 1)
    return [
      .device(try DeviceID("laptop"), producerPrefix: "prefix"),
      .account(ann),
      .message(
        ChatMessage(
          conversation: .lobby, position: position, sender: ann, loggedAt: Timestamp(milliseconds: 9),
          text: "two\nlines,\ta tab, a zero \0, 50 % = ½", properties: ["k": "\u{301}", "=": " "])),
      .message(
        ChatMessage(
          conversation: .lobby, position: position, sender: ann, loggedAt: Timestamp(milliseconds: 9),
          text: "")),
      .membership(
        MembershipEntry(
          conversation: group, position: position, member: ann, change: .left,
          loggedAt: Timestamp(milliseconds: 3))),
      .membership(
        MembershipEntry(
          conversation: group, position: position, member: ann, change: .removed,
          by: Account(id: UserID(2), name: try UserName("the owner")), loggedAt: Timestamp(milliseconds: 3))),
      .cursor(.direct(between: UserID(3), and: UserID(2)), position),
      .cursor(group, nil),
      .enqueued(try Self.unsent(ticket: 1)),
      .enqueued(try Self.unsent(ticket: .max, text: " ", accepted: accepted)),
      .enqueued(try Self.unsent(ticket: 3, text: "\u{301} an accent first")),
      .enqueued(try Self.unsent(ticket: 5, text: "")),
      .enqueued(try Self.unsent(ticket: 6, text: "data=")),
      .enqueued(try Self.unsent(ticket: 7, content: .data([0, 255, 61]))),
      .enqueued(try Self.unsent(ticket: 8, content: .attachment(image))),
      .enqueued(try Self.unsent(ticket: 9, content: .attachment(file))),
      .resolved(SendTicket(number: 5), .success(accepted)),
      .enqueued(try Self.unsent(ticket: 4)),
      .attempted(SendTicket(number: 1)),
      .renumbered(SendTicket(number: 1), id),
      .accepted(SendTicket(number: 1), accepted),
      .resolved(SendTicket(number: 3), .success(accepted)),
      .resolved(SendTicket(number: 4), .failure(SendError(.unknownUser, "there is no user 9: \n"))),
    ]
  }
}
