import CIMClient
import CIMCore
import CIMTestSupport
import TestSupport
import Testing

@Suite("What a message says", .timeLimit(.minutes(1)))
struct ContentTests {
  private static func contents() throws -> [MessageContent] {
    let hash = [UInt8](0..<32)
    return [
      .text("hi"), .data([0, 255, 10]),
      .attachment(
        try Attachment(
          .image, at: .url("https://files.example.org/1"), name: "cat.png", mediaType: "image/png",
          size: 122_880, sha256: hash, dimensions: .init(width: 640, height: 480))),
      .attachment(
        try Attachment(
          .file, at: .key("2026/report"), name: "report.pdf", mediaType: "application/pdf", size: 1,
          sha256: hash)),
    ]
  }

  @Test(
    "Each kind of content, and its properties, come as they were sent: live, on return, and from the history")
  func carried() async throws {
    let contents = try Self.contents()
    try await Cluster.run(servers: 2) { cluster in
      let ann = try await TestUser("ann", in: cluster)
      let bob = try await TestUser("bob", in: cluster)
      let cas = try await TestUser("cas", in: cluster)
      let casID = try cas.id
      await cas.client.close()
      for content in contents {
        for receiver in [try bob.id, casID] {
          try await ann.client.send(content, to: .user(receiver), properties: ["lang": "en", "": "\u{0}"])
        }
      }
      let back = try await TestUser("cas", in: cluster)
      for content in contents {
        for receiver in [bob, back] {
          let message = try await receiver.message()
          #expect(message.content == content && message.properties == ["lang": "en", "": "\u{0}"])
        }
      }
      let conversation = Conversation.direct(between: try ann.id, and: try bob.id)
      let history = try await bob.client.history(of: conversation)
      #expect(history.entries.map(\.content) == contents)
    }
  }

  @Test("For people each content is a line")
  func description() throws {
    #expect(
      try Self.contents().map(\.description) == [
        "hi", "[3 bytes of data]", "[image cat.png, 120 KiB, https://files.example.org/1]",
        "[file report.pdf, 1 byte, key 2026/report]",
      ])
  }
}

extension HistoryPage.Entry {
  fileprivate var content: MessageContent? {
    if case .message(let message) = self { message.content } else { nil }
  }
}
