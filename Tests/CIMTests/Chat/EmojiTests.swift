import Testing

@testable import cim

@Suite struct EmojiTests {
  @Test(
    "Aliases become emoji, and nothing else changes",
    arguments: [
      (":smile:", "😄"), ("a :+1: and a :tada:!", "a 👍 and a 🎉!"), (":smile::smile:", "😄😄"),
      ("12:30:45", "12:30:45"), (":no such alias:", ":no such alias:"), ("std::smile:", "std:😄"),
      (":smile", ":smile"), (":", ":"), ("", ""), ("http://host:80/:x", "http://host:80/:x"),
    ])
  func replaced(text: String, result: String) {
    #expect(Emoji.replaceAliases(in: text) == result)
  }

  @Test("The table is sorted, each alias stands there once, and pages have all of them")
  func table() {
    let aliases = Emoji.aliases.map { String($0.alias) }
    #expect(aliases.count > 300)
    #expect(aliases.count == Emoji.table.split(separator: "\n").count, "each line is an alias and an emoji")
    #expect(aliases == Set(aliases).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    let pages = (1...Emoji.pageCount).flatMap { Emoji.page($0).map { String($0.alias) } }
    #expect(pages == aliases)
    #expect(Emoji.page(Emoji.pageCount + 1).isEmpty)
  }

  @Test(
    "What is answered here is the question as a statement",
    arguments: [("你好吗?", "我好!"), ("你是谁？", "我是谁！"), ("去嘛", "去"), ("really?", "really!")])
  func answers(text: String, answer: String) {
    #expect(LocalAnswer.answer(to: text) == answer)
  }
}
