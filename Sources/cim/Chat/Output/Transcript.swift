import CIMClient
import CIMCore
import NgRPC

/// What the chat shows as text: stable, a line for a thing, and safe to send to a terminal whatever others wrote.
struct Transcript: Sendable {
  /// Whether to mark names, notices and what was searched for by colour.
  let colours: Bool
  /// By which times are shown.
  var clock = WallClock.system

  /// An output as lines, the last one without its line break; `nil` when it is not worth any.
  func text(_ output: ChatOutput) -> String? {
    switch output {
    case .message(let message): self.message(message)
    case .membership(let entry, let isOwn): isOwn ? String?.none : self.notice(self.membership(entry))
    case .missed(let counts): self.notice(Self.missed(counts))
    case .state(let state, let account, let news):
      news.map { self.news($0, state, account) }
    case .moved(let server, _): self.notice("moved to server \(server)")
    case .reset(let conversation, let after, let until, _, let me):
      self.notice(
        "\(Self.missing(after: after, until: until)) in \(Self.place(conversation, me: me))",
        "can't be shown any more: they are too old, or too many")
    case .held: self.notice("not connected now: sent as soon as you are")
    case .receipt(let receipt, let me): self.receipt(receipt, me)
    case .accepted, .read: nil
    case .refused(let line, let error): self.refused(line.text, error)
    case .resumed(let count):
      self.notice(
        count == 1 ? "1 line of last time was" : "\(count) lines of last time were",
        "not answered: sent again")
    case .done(let deed): self.notice(self.deed(deed))
    case .listing(let listing): self.listing(listing)
    case .answer(let text): "\(self.paint(.name, "AI")): \(Self.printable(text))"
    case .empty: self.notice("nothing to send: type a text, or :all for the commands")
    case .mistake(let mistake, _): self.mistake(mistake)
    case .unknown(let command, _): self.unknown(command)
    case .failure(let message, _): self.failure(Self.printable(message))
    case .log(let text): self.notice(Self.printable(text))
    }
  }

  // MARK: Parts

  /// A message as a line of the chat log, which has no colours and no line breaks, and names the day apart.
  func logLine(_ message: ChatMessage, me: Account?) -> ChatLogLine {
    let plain = Transcript(colours: false, clock: self.clock)
    let text = "\(plain.mark(message, me: me))\(Self.name(message.sender)): \(Self.printable(message.text))"
    return ChatLogLine(
      date: self.clock.date(message.loggedAt), time: self.clock.time(message.loggedAt),
      text: text.replacing("\n    ", with: " ␤ "))
  }

  /// A message: `12:03:04 olu (1): hi`, with the conversation before its sender unless it is the lobby.
  func message(_ message: ChatMessage) -> String {
    self.message(message, mark: self.mark(message, me: nil))
  }

  /// A message whose conversation is known: `12:03:04 olu (1): hi`.
  func message(_ message: ChatMessage, mark: String) -> String {
    let sender = self.paint(.name, Self.name(message.sender))
    let time = self.paint(.notice, self.clock.stamp(message.loggedAt))
    return "\(time) \(mark)\(sender): \(Self.printable(message.text))"
  }

  /// Where a message was said, when that is not the lobby; `me` said it.
  private func mark(_ message: ChatMessage, me: Account?) -> String {
    switch message.conversation {
    case .lobby: ""
    case .group(let group): self.paint(.place, "[g:\(group)]") + " "
    case .direct(let pair):
      if let me, message.sender.id == me.id {
        self.paint(.place, "[private to \(pair.lower == me.id ? pair.higher : pair.lower)]") + " "
      } else {
        self.paint(.place, "[private]") + " "
      }
    }
  }

  /// Somebody's part in a group has changed.
  func membership(_ entry: MembershipEntry) -> String {
    let (member, owner) = (Self.name(entry.member), Self.name(entry.by))
    let place = Self.place(entry.conversation, me: nil)
    return switch entry.change {
    case .joined: "\(member) joined \(place)"
    case .left: "\(member) left \(place)"
    case .removed: "\(owner) removed \(member) from \(place)"
    case .muted: "\(owner) muted \(member) in \(place)"
    case .unmuted: "\(owner) lets \(member) speak again in \(place)"
    }
  }

  private func news(_ news: ConnectionNews, _ state: ChatClient.State, _ account: Account?) -> String {
    let server = if case .ready(let server) = state { server.rawValue } else { "" }
    return switch news {
    case .greeting(let lines): lines.joined(separator: "\n")
    case .connected: self.notice("connected to server \(server) as \(Self.name(account))")
    case .notYet(let reason): self.notice("not connected yet, trying on: \(Self.printable(reason))")
    case .lost(let reason): self.notice("connection lost, reconnecting: \(Self.printable(reason))")
    case .back(let after): self.notice("back: connected to server \(server) after \(Self.seconds(after)) s")
    case .failed(let error): self.failure(Self.printable(error.message))
    }
  }

  private func refused(_ text: String, _ error: SendError) -> String {
    switch error.code {
    case .closed, .unanswered:
      self.failure("no answer yet (\(Self.excerpt(text))): \(Self.printable(error.message))")
    default:
      self.failure("not sent (\(Self.excerpt(text))): \(Self.printable(error.message))")
    }
  }

  private func unknown(_ command: String) -> String {
    let meant = LineCommand.nearest(to: command).map { " (did you mean \($0)?)" } ?? ""
    let title = "there is no command \(Self.excerpt(command))\(meant); these are the commands:"
    return "\(self.failure(title))\n\(self.commands(LineCommand.all))"
  }

  private func mistake(_ mistake: LineMistake) -> String {
    let usage = mistake.usage.map { "\n  \($0)" }.joined()
    let forms = mistake.usage.count == 1 ? "the form is" : "the forms are"
    return self.failure("not done: \(Self.printable(mistake.problem)); \(forms):") + usage
  }

  private func deed(_ deed: Deed) -> String {
    switch deed {
    case .createdGroup(let group):
      "you have made group \(group), and are in it; say something by :g say \(group) text"
    case .joinedGroup(let group, true): "you have joined group \(group)"
    case .joinedGroup(let group, false): "you are in group \(group) already"
    case .leftGroup(let group, true): "you have left group \(group)"
    case .leftGroup(let group, false): "you are not in group \(group)"
    case .markedRead([]): "nothing was shown yet that you could have read"
    case .markedRead(let conversations):
      conversations.count == 1
        ? "marked as read in 1 conversation" : "marked as read in \(conversations.count) conversations"
    case .blocked(let user, true):
      "user \(user) is blocked: no private messages either way; :unblock \(user) ends that"
    case .blocked(let user, false): "user \(user) is blocked already"
    case .unblocked(let user, true): "user \(user) is not blocked any more"
    case .unblocked(let user, false): "user \(user) is not blocked"
    case .removed(let user, let group, true): "you have removed user \(user) from group \(group)"
    case .removed(let user, let group, false): "user \(user) is not in group \(group)"
    case .muted(let user, let group, true): "you have muted user \(user) in group \(group)"
    case .muted(let user, let group, false): "user \(user) is muted in group \(group) already"
    case .unmuted(let user, let group, true): "user \(user) can speak again in group \(group)"
    case .unmuted(let user, let group, false): "user \(user) is not muted in group \(group)"
    case .answersHere(true): "what you type is answered here and not sent; :qai ends that"
    case .answersHere(false): "what you type is sent to others again"
    case .delayed(let id, let due):
      "it is said at \(self.clock.stamp(due)); :undelay \(id) prevents it"
    case .undelayed(let id, true): "\(id) is not said"
    case .undelayed(let id, false): "too late: \(id) is being said"
    }
  }

  private static func missing(after: LogPosition?, until: LogPosition?) -> String {
    guard let count = LogPosition.count(after: after, until: until) else { return "some messages" }
    return Self.messages(Int(clamping: count))
  }

  private static func messages(_ count: Int) -> String { count == 1 ? "1 message" : "\(count) messages" }

  /// In all, and where when that is more than one place: everybody first, then groups, then private ones together.
  private static func missed(_ counts: [Conversation: Int]) -> String {
    var (lobby, direct, groups) = (0, 0, [(group: GroupID, count: Int)]())
    for (conversation, count) in counts {
      switch conversation {
      case .lobby: lobby += count
      case .direct: direct += count
      case .group(let group): groups.append((group, count))
      }
    }
    let parts =
      (lobby > 0 ? ["\(lobby) to all"] : [])
      + groups.sorted { $0.group < $1.group }.map { "\($0.count) in group \($0.group)" }
      + (direct > 0 ? ["\(direct) private"] : [])
    let total = counts.values.reduce(0, +)
    let sum = "\(Self.messages(total)) came while you were away"
    // The line above says whether a single one was private.
    return total == 1 ? sum : "\(sum): \(parts.joined(separator: ", "))"
  }
}

extension LogPosition {
  /// How many places there are after one, up to another; `nil` when that is not known.
  static func count(after: Self?, until: Self?) -> UInt64? {
    switch (after, until) {
    case (nil, let until?): until.seq
    case (let after?, let until?) where after.epoch == until.epoch && until.seq > after.seq:
      until.seq - after.seq
    default: nil
    }
  }
}
