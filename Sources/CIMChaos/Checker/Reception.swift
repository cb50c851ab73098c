import CIMCore

/// What came to one client, held against what was sent, message by message.
struct Reception {
  let user: UserID
  /// What was shown, once or more.
  private(set) var texts: Set<String> = []
  /// The first that came in the lobby.
  private(set) var lobbyFrom: LogPosition?
  private(set) var shown = 0
  private(set) var violations: [Violation] = []

  private let sent: SentMessages
  private let audience: Audience
  private var last: [Conversation: LogPosition] = [:]
  private var lastOrder: [Conversation: [UserID: Int]] = [:]

  init(_ history: ClientHistory, sent: SentMessages, audience: Audience) {
    self.user = history.user
    self.sent = sent
    self.audience = audience
    for case .shown(let message) in history.lines.lazy.map(\.event) { self.take(message) }
  }

  private mutating func take(_ message: ShownMessage) {
    if message.conversation == .lobby, self.lobbyFrom == nil { self.lobbyFrom = message.position }
    guard let text = message.text else { return self.takeOrder(message) }
    guard self.isAsSent(message, text) else { return }
    guard !message.isOwn else { return self.takeOrder(message) }
    self.shown += 1
    // A message that came again says nothing about the order.
    guard self.texts.insert(text).inserted else {
      return self.report(.doubled, "\"\(text)\" at \(message.position) in \(message.conversation)")
    }
    self.takeOrder(message)
    self.takeSenderOrder(message, text)
  }

  /// Whether the message is one that somebody sent, and for this user.
  private mutating func isAsSent(_ message: ShownMessage, _ text: String) -> Bool {
    guard let entry = self.sent.entries[text] else {
      self.report(
        .altered, "\"\(text)\" at \(message.position) in \(message.conversation) was sent by nobody")
      return false
    }
    guard entry.sender == message.sender, entry.message.conversation == message.conversation else {
      self.report(
        .altered,
        "\"\(text)\" of user \(entry.sender) in \(entry.message.conversation) came as of user \(message.sender) in \(message.conversation)"
      )
      return false
    }
    guard (entry.sender == self.user) == message.isOwn else {
      self.report(.echo, "\"\(text)\" at \(message.position) in \(message.conversation)")
      return false
    }
    guard message.isOwn || self.audience.includes(self.user, message.conversation, message.position) else {
      self.report(.leaked, "\"\(text)\" at \(message.position) in \(message.conversation)")
      return false
    }
    if entry.outcome == .refused {
      self.report(.refusedButShown, "\"\(text)\" at \(message.position) in \(message.conversation)")
    }
    return true
  }

  private mutating func takeOrder(_ message: ShownMessage) {
    if let last = self.last[message.conversation], message.position <= last {
      let kind: Violation.Kind = message.position == last ? .doubled : .disagreement
      self.report(kind, "\(message.position) of \(message.conversation) came after \(last)")
    }
    self.last[message.conversation] = message.position
  }

  private mutating func takeSenderOrder(_ message: ShownMessage, _ text: String) {
    guard let order = self.sent.entries[text]?.order else { return }
    if let last = self.lastOrder[message.conversation]?[message.sender], order < last {
      self.report(
        .reordered,
        "\"\(text)\" at \(message.position) in \(message.conversation) came after a message that user \(message.sender) sent later"
      )
    }
    self.lastOrder[message.conversation, default: [:]][message.sender] = order
  }

  private mutating func report(_ kind: Violation.Kind, _ detail: String) {
    self.violations.append(Violation(kind, "to user \(self.user): \(detail)"))
  }
}
