import CIMCore

/// Proves from the clients' histories alone that the promises were kept.
///
/// Every accepted message is shown exactly once to every receiver it is for; one sender's messages in a conversation keep
/// their order; all receivers of a conversation see one order; at the end, exactly the living are listed as online.
public struct HistoryChecker {
  /// Whom a route listed as online at the end.
  public struct Listing: Hashable, Sendable {
    /// The route.
    public let route: String
    /// Who is online, as it said.
    public let users: Set<UserID>

    /// Describes an answer.
    public init(route: String, users: Set<UserID>) {
      self.route = route
      self.users = users
    }
  }

  /// Who took part.
  public var roster: Roster
  /// What the clients have on record, one each.
  public var histories: [ClientHistory]
  /// Whose clients run at the end. What is owed to the others is not due yet.
  public var living: Set<UserID>
  /// What each route said.
  public var listings: [Listing]
  /// Whether messages may be gone for good, as when more were missed than are delivered late.
  public var allowsResets = false

  /// Gathers what is to be checked.
  public init(roster: Roster, histories: [ClientHistory], living: Set<UserID>, listings: [Listing] = []) {
    self.roster = roster
    self.histories = histories
    self.living = living
    self.listings = listings
  }

  /// Checks.
  public func check() -> Verdict {
    let sent = SentMessages(self.histories)
    let audience = Audience(self.roster)
    let receptions = self.histories.map { Reception($0, sent: sent, audience: audience) }
    var verdict = Verdict()
    verdict.counts = sent.counts
    verdict.counts.clients = self.histories.count
    verdict.counts.shown = receptions.reduce(0) { $0 + $1.shown }
    verdict.violations = sent.violations + receptions.flatMap(\.violations)
    self.checkDelivery(sent, receptions, audience, &verdict)
    self.checkLog(sent, &verdict)
    self.checkClients(&verdict)
    self.checkListings(&verdict)
    return verdict
  }

  /// Who got what.
  private func checkDelivery(
    _ sent: SentMessages, _ receptions: [Reception], _ audience: Audience, _ verdict: inout Verdict
  ) {
    let places = self.places
    let living = Dictionary(
      uniqueKeysWithValues: receptions.filter { self.living.contains($0.user) }.map { ($0.user, $0) })
    for (text, entry) in sent.entries.sorted(by: { $0.value.order < $1.value.order }) {
      let conversation = entry.message.conversation
      let position: LogPosition
      switch entry.outcome {
      case .accepted(let place): position = place
      case .refused: continue
      case .uncertain, .unanswered:
        if entry.outcome == .unanswered, self.living.contains(entry.sender) {
          verdict.violations.append(
            Violation(.unanswered, "\"\(text)\" of user \(entry.sender) in \(conversation)"))
        }
        // It was accepted if anybody saw it.
        guard let place = places[text]?.first else { continue }
        position = place
      }
      for receiver in audience.receivers(of: conversation, at: position, from: entry.sender) {
        guard let reception = living[receiver] else { continue }
        if conversation == .lobby {
          guard let from = self.roster.lobbyFrom ?? reception.lobbyFrom, position >= from else { continue }
        }
        verdict.counts.expected += 1
        guard !reception.texts.contains(text) else { continue }
        var kind = Violation.Kind.partial
        if case .accepted = entry.outcome { kind = .lost }
        verdict.violations.append(
          Violation(
            kind,
            "\"\(text)\" at \(position) in \(conversation), of user \(entry.sender), never came to user \(receiver)"
          ))
      }
    }
  }

  /// Where messages stood when they came, by text.
  private var places: [String: Set<LogPosition>] {
    var places: [String: Set<LogPosition>] = [:]
    for history in self.histories {
      for case .shown(let message) in history.lines.lazy.map(\.event) {
        if let text = message.text { places[text, default: []].insert(message.position) }
      }
    }
    return places
  }

  /// One log for all: each message has one place, and each place one message.
  private func checkLog(_ sent: SentMessages, _ verdict: inout Verdict) {
    var places = self.places
    for (text, entry) in sent.entries {
      if case .accepted(let position) = entry.outcome { places[text, default: []].insert(position) }
    }
    var texts: [Conversation: [LogPosition: String]] = [:]
    for (text, positions) in places.sorted(by: { $0.key < $1.key }) {
      guard let conversation = sent.entries[text]?.message.conversation else { continue }
      if positions.count > 1 {
        let list = positions.sorted().map(\.description).joined(separator: " and ")
        verdict.violations.append(
          Violation(.disagreement, "\"\(text)\" stands at \(list) in \(conversation)"))
      }
      for position in positions {
        if let other = texts[conversation]?.updateValue(text, forKey: position) {
          verdict.violations.append(
            Violation(.disagreement, "\(position) of \(conversation) is \"\(other)\" and \"\(text)\""))
        }
        texts[conversation, default: [:]][position] = text
      }
    }
    self.checkSenderOrder(sent, texts, &verdict)
  }

  /// The order in the log is the order in which each sender sent, whoever saw it.
  private func checkSenderOrder(
    _ sent: SentMessages, _ log: [Conversation: [LogPosition: String]], _ verdict: inout Verdict
  ) {
    for (conversation, texts) in log {
      var last: [UserID: Int] = [:]
      for (position, text) in texts.sorted(by: { $0.key < $1.key }) {
        guard let entry = sent.entries[text] else { continue }
        if let order = last[entry.sender], entry.order < order {
          verdict.violations.append(
            Violation(
              .reordered,
              "\"\(text)\" stands at \(position) in \(conversation), after a message that user \(entry.sender) sent later"
            ))
        }
        last[entry.sender] = entry.order
      }
    }
  }

  private func checkClients(_ verdict: inout Verdict) {
    for history in self.histories {
      for event in history.lines.lazy.map(\.event) {
        switch event {
        case .away: verdict.counts.away += 1
        case .moved: verdict.counts.moved += 1
        case .gap(let count):
          verdict.violations.append(Violation(.gap, "user \(history.user) found \(count)"))
        case .reset(let conversation, let after, let until):
          verdict.counts.resets += 1
          guard !self.allowsResets else { continue }
          let range = "after \(after?.description ?? "the beginning") until \(until?.description ?? "now")"
          verdict.violations.append(
            Violation(
              .reset, "user \(history.user) was told that \(conversation) has lost what stood \(range)"))
        case .failed(let reason):
          verdict.violations.append(
            Violation(.failed, "the client of user \(history.user) gave up: \(reason)"))
        default: break
        }
      }
    }
  }

  private func checkListings(_ verdict: inout Verdict) {
    for listing in self.listings {
      for user in listing.users.subtracting(self.living).sorted() {
        verdict.violations.append(
          Violation(.ghost, "user \(user) is gone, and route \(listing.route) lists it"))
      }
      for user in self.living.subtracting(listing.users).sorted() {
        verdict.violations.append(
          Violation(.unlisted, "user \(user) is online, and route \(listing.route) does not list it"))
      }
    }
  }
}
