import CIMClient
import CIMCore

/// Answers whatever it is told with `you said: …`, where it was told.
struct EchoBot {
  /// The longest part of a text that comes back, in characters.
  private static let longest = 1000

  let client: ChatClient

  /// Answers until its client ends.
  func run() async {
    for await case .message(let message) in self.client.events {
      self.client.post(Self.answer(to: message.text), to: .conversation(message.conversation))
    }
  }

  static func answer(to text: String) -> String {
    let start = text.prefix(Self.longest)
    return "you said: \(start)\(start.count < text.count ? "…" : "")"
  }
}
