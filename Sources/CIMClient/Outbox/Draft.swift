/// A message as the application gives it.
struct Draft: Hashable, Sendable {
  var content: MessageContent
  var properties: [String: String] = [:]
  var level = AckLevel.logged
}
