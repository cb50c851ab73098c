import CIMCore
import CIMProtos
import Testing

@testable import CIMRoute

@Suite("The rules for messages")
struct MessageRulesTests {
  private let rules = MessageRules(maxTextBytes: 10)

  @Test("A text of 1 byte to the limit is accepted", arguments: ["x", "0123456789", "ä2345678"])
  func accepted(text: String) {
    #expect(rules.refusal(of: CimV1.Content(kind: .text(text))) == nil)
  }

  @Test("What is refused names the field and the limit")
  func refused() {
    let many = Dictionary(uniqueKeysWithValues: (0..<17).map { ("k\($0)", "v") })
    for (content, field, limit) in [
      (nil, "content.text", "10"), (CimV1.Content(), "content.text", "10"),
      (CimV1.Content(kind: .text("")), "content.text", "10"),
      (CimV1.Content(kind: .text("01234567890")), "content.text", "10"),
      (CimV1.Content(kind: .text("ä234567890")), "content.text", "10"),
      (CimV1.Content(kind: .text("x"), properties: many), "content.properties", "16"),
      (
        CimV1.Content(kind: .text("x"), properties: ["k": String(repeating: "v", count: 4096)]),
        "content.properties", "4096"
      ),
    ] as [(CimV1.Content?, String, String)] {
      let refusal = rules.refusal(of: content)
      #expect(refusal?.reason == .invalid)
      #expect(refusal?.detail.contains(field) == true)
      #expect(refusal?.detail.contains(limit) == true)
    }
  }
}
