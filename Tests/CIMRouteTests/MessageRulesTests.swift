import CIMCore
import CIMProtos
import Testing

@testable import CIMRoute

@Suite("The rules for messages")
struct MessageRulesTests {
  private let rules = MessageRules(maxTextBytes: 10)
  private static let image = CimV1.Attachment(
    location: .url("https://files.example.org/1"), name: "cat.png", mediaType: "image/png", sizeBytes: 1024,
    sha256: [UInt8](repeating: 7, count: 32), width: 640, height: 480)

  @Test("A text of 1 byte to the limit is accepted", arguments: ["x", "0123456789", "ä2345678"])
  func accepted(text: String) {
    #expect(rules.refusal(of: CimV1.Content(kind: .text(text))) == nil)
  }

  @Test("Bytes of any value are accepted within the same limit")
  func data() {
    #expect(rules.refusal(of: CimV1.Content(kind: .data([0, 255, 128]))) == nil)
    #expect(rules.refusal(of: CimV1.Content(kind: .data([UInt8](repeating: 0, count: 10)))) == nil)
  }

  @Test("What is refused names the field and the limit")
  func refused() {
    let many = Dictionary(uniqueKeysWithValues: (0..<17).map { ("k\($0)", "v") })
    for (content, field, limit) in [
      (nil, "content.kind", "text, data, image or file"),
      (CimV1.Content(), "content.kind", "text, data, image or file"),
      (CimV1.Content(kind: .membership(.joined)), "content.membership", "JoinGroup"),
      (CimV1.Content(kind: .text("")), "content.text", "10"),
      (CimV1.Content(kind: .text("01234567890")), "content.text", "10"),
      (CimV1.Content(kind: .text("ä234567890")), "content.text", "10"),
      (CimV1.Content(kind: .data([])), "content.data", "10"),
      (CimV1.Content(kind: .data([UInt8](repeating: 0, count: 11))), "content.data", "10"),
      (CimV1.Content(kind: .image(Self.image)), "content.image", "10"),
      (CimV1.Content(kind: .text("x"), properties: many), "content.properties", "16"),
      (
        CimV1.Content(kind: .text("x"), properties: ["k": String(repeating: "v", count: 4096)]),
        "content.properties", "4096"
      ),
    ] as [(CimV1.Content?, String, String)] {
      let refusal = rules.refusal(of: content)
      #expect(refusal?.reason == .invalid)
      #expect(refusal?.detail.contains(field) == true, "\(refusal?.detail ?? "accepted")")
      #expect(refusal?.detail.contains(limit) == true, "\(refusal?.detail ?? "accepted")")
    }
  }

  /// One change that makes a valid image invalid, and the field that has to be named.
  static let changes: [(field: String, change: @Sendable (inout CimV1.Attachment) -> Void)] = [
    ("location", { $0.location = nil }),
    ("url", { $0.location = .url("") }),
    ("url", { $0.location = .url("https://files.example.org/" + String(repeating: "x", count: 2048)) }),
    ("url", { $0.location = .url("ftp://files.example.org/1") }),
    ("url", { $0.location = .url("javascript:alert(1)") }),
    ("url", { $0.location = .url("https:///1") }),
    ("url", { $0.location = .url("https://ann:secret@files.example.org/1") }),
    ("url", { $0.location = .url("https://files.example.org/a b") }),
    ("key", { $0.location = .key("") }),
    ("key", { $0.location = .key("a\nb") }),
    ("key", { $0.location = .key(String(repeating: "x", count: 1025)) }),
    ("name", { $0.name = "" }),
    ("name", { $0.name = String(repeating: "x", count: 256) }),
    ("name", { $0.name = "../cat.png" }),
    ("name", { $0.name = ".." }),
    ("name", { $0.name = "a\\b" }),
    ("name", { $0.name = "cat\u{7}" }),
    ("media_type", { $0.mediaType = "" }),
    ("media_type", { $0.mediaType = "png" }),
    ("media_type", { $0.mediaType = "image/png; q=1" }),
    ("media_type", { $0.mediaType = "text/plain" }),
    ("size_bytes", { $0.sizeBytes = 0 }),
    ("size_bytes", { $0.sizeBytes = 1 << 53 }),
    ("sha256", { $0.sha256 = [] }),
    ("sha256", { $0.sha256 = [UInt8](repeating: 1, count: 64) }),
    ("width", { $0.width = 0 }),
    ("width", { $0.width = nil }),
    ("height", { $0.height = nil }),
    ("height", { $0.height = 1_000_001 }),
  ]

  @Test(
    "An attachment must be whole: each field that is missing or not valid is named",
    arguments: changes.indices)
  func attachment(_ index: Int) {
    let rules = MessageRules(maxTextBytes: 64 * 1024)
    #expect(rules.refusal(of: CimV1.Content(kind: .image(Self.image))) == nil)
    var image = Self.image
    Self.changes[index].change(&image)
    let refusal = rules.refusal(of: CimV1.Content(kind: .image(image)))
    #expect(refusal?.reason == .invalid)
    #expect(
      refusal?.detail.contains("content.image.\(Self.changes[index].field)") == true,
      "\(refusal?.detail ?? "accepted")")
  }

  @Test("A file has any media type, and no width or height")
  func file() {
    let rules = MessageRules(maxTextBytes: 64 * 1024)
    var file = Self.image
    file.mediaType = "application/pdf"
    #expect(
      rules.refusal(of: CimV1.Content(kind: .file(file)))?.detail.contains("content.file.width") == true)
    (file.width, file.height) = (nil, nil)
    #expect(rules.refusal(of: CimV1.Content(kind: .file(file))) == nil)
    file.location = .key("2026/11/report.pdf")
    #expect(rules.refusal(of: CimV1.Content(kind: .file(file))) == nil)
  }
}
