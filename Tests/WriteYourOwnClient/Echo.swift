import CIMClient

/// Answers every message where it was said, until the client has ended.
func echo(_ client: ChatClient) async {
  for await event in client.events {
    switch event {
    case .message(let message):
      client.post("you said: \(message.text)", to: .conversation(message.conversation))
    case .sendRefused(_, let error):
      print("* not answered (\(error.code)): \(error.message)")
    default:
      break
    }
  }
}
