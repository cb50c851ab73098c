/// A message as the application gives it.
struct Draft: Hashable, Sendable {
  var text: String
  var properties: [String: String] = [:]
  var level = AckLevel.logged
}
