import CIMChaos
import CIMCore

/// A run made up for a test: users 1 to 3 and a group of them all, whose history can be spoilt.
struct Story {
  static let group = try! Conversation("g:friends")
  static let users = (1...3).map { UserID($0) }

  /// What each has on record.
  private(set) var events: [UserID: [HistoryEvent]] = [:]
  var living = Set(users)
  var listed = Set(users)
  /// Who does not belong to the group all the time.
  var stays: [UserID: [Roster.Group.Stay]] = [:]
  private var logs: [Conversation: UInt64] = [:]
  private var counters: [UserID: UInt64] = [:]

  init() {
    for user in Self.users { self.add(.online(server: "s1"), to: user) }
  }

  /// One that keeps every promise.
  static var clean: Story {
    var story = Story()
    for round in 1...3 {
      for user in Self.users {
        story.say("group \(round) of \(user)", in: Self.group, from: user)
        story.say("lobby \(round) of \(user)", in: .lobby, from: user)
      }
      story.say(
        "private \(round)", in: .direct(between: Self.users[0], and: Self.users[1]), from: Self.users[0])
    }
    return story
  }

  mutating func add(_ event: HistoryEvent, to user: UserID) { self.events[user, default: []].append(event) }

  /// Sends a message, without an answer.
  mutating func send(_ text: String, in conversation: Conversation, from user: UserID) {
    self.counters[user, default: 0] += 1
    self.add(
      .send(
        SentMessage(
          producer: "p\(user)", conversation: conversation, counter: self.counters[user]!, text: text)),
      to: user)
  }

  /// The next place of a log.
  mutating func nextPlace(in conversation: Conversation) -> LogPosition {
    self.logs[conversation, default: 0] += 1
    return LogPosition(epoch: 1, seq: self.logs[conversation]!)
  }

  /// Sends a message, has it accepted and shown to all whom it is for.
  mutating func say(_ text: String, in conversation: Conversation, from user: UserID) {
    self.send(text, in: conversation, from: user)
    let position = self.nextPlace(in: conversation)
    self.add(.accepted(text: text, position: position, isDuplicate: false), to: user)
    for receiver in Self.users where Self.audience(of: conversation).contains(receiver) {
      self.show(text, at: position, in: conversation, from: user, to: receiver)
    }
  }

  mutating func show(
    _ text: String, at position: LogPosition, in conversation: Conversation, from user: UserID,
    to receiver: UserID
  ) {
    self.add(
      .shown(
        ShownMessage(
          conversation: conversation, position: position, sender: user, text: text, isOwn: receiver == user)),
      to: receiver)
  }

  /// Where in a user's history a message is shown.
  func place(of text: String, shownTo user: UserID) -> Int {
    self.events[user]!.firstIndex {
      if case .shown(let message) = $0 { message.text == text } else { false }
    }!
  }

  mutating func change(_ user: UserID, _ body: (inout [HistoryEvent]) -> Void) { body(&self.events[user]!) }

  /// What the checker says to it.
  func check(allowingResets: Bool = false) -> Verdict {
    var checker = HistoryChecker(
      roster: Roster(
        members: Self.users.map { .init(id: $0, name: "user \($0)") },
        groups: [
          .init(
            conversation: Self.group,
            stays: Dictionary(
              uniqueKeysWithValues: Self.users.map {
                ($0.rawValue, stays[$0] ?? [.init(joined: LogPosition(epoch: 1, seq: 0))])
              }))
        ]),
      histories: Self.users.map { user in
        ClientHistory(user: user, lines: self.events[user]!.map { HistoryLine(time: 0, event: $0) })
      },
      living: self.living, listings: [.init(route: "r1", users: self.listed)])
    checker.allowsResets = allowingResets
    return checker.check()
  }

  private static func audience(of conversation: Conversation) -> [UserID] {
    guard case .direct(let pair) = conversation else { return self.users }
    return [pair.lower, pair.higher]
  }
}
