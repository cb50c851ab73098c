/// What `:ai` answers: the question itself, made a statement.
enum LocalAnswer {
  /// 吗 and 嘛 are dropped, question marks become exclamation marks, and 你 (you) becomes 我 (I).
  static func answer(to text: String) -> String {
    String(
      text.compactMap { character -> Character? in
        switch character {
        case "吗", "嘛": nil
        case "?": "!"
        case "？": "！"
        case "你": "我"
        default: character
        }
      })
  }
}
