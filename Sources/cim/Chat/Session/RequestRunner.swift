import CIMClient
import CIMCore

/// Does what lines ask for, one after the other.
struct RequestRunner {
  /// How many lines that nobody typed are on their way at once.
  private static let linesInFlight = 100
  /// How many lines of the chat log are shown.
  private static let linesFound = 50
  /// How many users are asked for, to have their names for completion.
  private static let usersForCompletion = 1000

  /// A conversation being read backwards.
  private struct Reading {
    let request: ChatRequest
    let older: LogPosition?
  }

  let parts: ChatParts
  private var isAnsweringHere = false
  private var reading: Reading?
  /// How many lines there were.
  private var line = 0

  init(_ parts: ChatParts) {
    self.parts = parts
  }

  /// Does what a line asks for.
  ///
  /// - Returns: whether the chat goes on.
  mutating func run(_ text: String) async -> Bool {
    self.line += 1
    switch ChatLine(text) {
    case .empty: self.show(.empty)
    case .unknown(let command): await self.refuse(.unknown(command, line: self.line))
    case .mistake(let mistake): await self.refuse(.mistake(mistake, line: self.line))
    case .request(.quit): return false
    case .request(let request): await self.run(request)
    }
    return true
  }

  private mutating func run(_ request: ChatRequest) async {
    if self.reading?.request != request { self.reading = nil }
    do throws(ClientError) {
      try await self.perform(request)
    } catch {
      await self.refuse(.failure(error.message, line: self.line))
    }
  }

  private mutating func perform(_ request: ChatRequest) async throws(ClientError) {
    switch request {
    case .say(let text, let destination): await self.say(text, to: destination)
    case .answerHere(let isOn):
      self.isAnsweringHere = isOn
      self.show(.done(.answersHere(isOn)))
    case .help(let word): self.show(.listing(.commands(LineCommand.family(word))))
    case .emoji(let page): self.show(.listing(.emoji(page: page)))
    case .info:
      self.show(
        .listing(
          .info(
            self.parts.client.info, routes: self.parts.client.configuration.routes,
            log: self.parts.recorder.log.place)))
    case .search(let keyword): try await self.search(keyword)
    case .history(let destination, let count): try await self.read(request, destination, count)
    case .onlineUsers(let prefix): try await self.listOnlineUsers(prefix)
    case .members, .createGroup, .joinGroup, .leaveGroup, .groups, .removeFromGroup, .muteInGroup,
      .unmuteInGroup, .groupInfo:
      try await self.performOnGroups(request)
    case .delay(let text, let destination, let seconds):
      await self.waitForAnswers()
      let (id, due) = try await self.parts.client.schedule(
        text, to: destination, at: .after(milliseconds: UInt64(seconds) * 1000))
      self.show(.done(.delayed(id, due: due)))
    case .delayed:
      await self.waitForAnswers()
      self.show(.listing(.delayed(try await self.parts.client.scheduled(), me: self.parts.me)))
    case .undelay(let id):
      await self.waitForAnswers()
      self.show(.done(.undelayed(id, inTime: try await self.parts.client.cancelScheduled(id))))
    case .markRead, .conversations, .readers, .block, .unblock, .blocked:
      try await self.performOnReading(request)
    case .quit: break
    }
  }

  // MARK: Saying

  private func say(_ text: String, to destination: Destination) async {
    if self.isAnsweringHere, !destination.isGroup {
      self.show(.answer(LocalAnswer.answer(to: text)))
      return
    }
    let line = SentLine(text: text, number: self.line)
    if !self.parts.isConnected { self.show(.held(line)) }
    await self.parts.sent.post(
      line, to: destination,
      isReplied: self.parts.replier != nil && destination == .lobby)
    if !self.parts.surface.isInteractive {
      await self.parts.sent.wait(untilUnanswered: Self.linesInFlight)
    }
  }

  // MARK: Asking

  /// What follows a line in a file is to be done after that line.
  func waitForAnswers() async {
    if !self.parts.surface.isInteractive { await self.parts.sent.waitForAll(within: ChatParts.patience) }
  }

  private func listOnlineUsers(_ prefix: String?) async throws(ClientError) {
    await self.waitForAnswers()
    var users = try await self.parts.client.onlineUsers()
    if let prefix = prefix?.lowercased() {
      users.removeAll { !$0.name.rawValue.lowercased().hasPrefix(prefix) }
    }
    self.parts.acquaintances.note(users)
    self.show(.listing(.onlineUsers(users, prefix: prefix, me: self.parts.me)))
  }

  private func performOnGroups(_ request: ChatRequest) async throws(ClientError) {
    await self.waitForAnswers()
    let (client, acquaintances) = (self.parts.client, self.parts.acquaintances)
    switch request {
    case .createGroup(let group):
      try await client.createGroup(group)
      acquaintances.note([group])
      self.show(.done(.createdGroup(group)))
    case .joinGroup(let group):
      let isNew = try await client.joinGroup(group)
      acquaintances.note([group])
      self.show(.done(.joinedGroup(group, isNew: isNew)))
    case .leaveGroup(let group):
      let isNew = try await client.leaveGroup(group)
      acquaintances.forget(group)
      self.show(.done(.leftGroup(group, isNew: isNew)))
    case .removeFromGroup(let group, let user):
      self.show(.done(.removed(user, from: group, isNew: try await client.remove(user, from: group))))
    case .muteInGroup(let group, let user):
      self.show(.done(.muted(user, in: group, isNew: try await client.mute(user, in: group))))
    case .unmuteInGroup(let group, let user):
      self.show(.done(.unmuted(user, in: group, isNew: try await client.unmute(user, in: group))))
    case .groupInfo(let group):
      let found = try await client.group(group)
      acquaintances.note([found.owner])
      self.show(.listing(.group(found, me: self.parts.me)))
    case .members(let group):
      let members = try await client.members(of: group)
      acquaintances.note(members)
      self.show(.listing(.members(members, of: group, me: self.parts.me)))
    default:
      let groups = try await client.groups()
      acquaintances.note(groups)
      self.show(.listing(.groups(groups)))
    }
  }

  /// Shows a page of a conversation; the same request again, with nothing between, shows the one before it.
  private mutating func read(
    _ request: ChatRequest, _ destination: Destination, _ count: Int
  ) async throws(ClientError) {
    await self.waitForAnswers()
    guard let me = self.parts.me else {
      throw ClientError(.unavailable, "not connected yet: ask again when the client is ready")
    }
    let conversation = destination.conversation(from: me.id)
    let page = try await self.parts.client.history(
      of: conversation, before: self.reading?.older, limit: count)
    self.reading = page.older.map { Reading(request: request, older: $0) }
    self.show(.listing(.history(page, of: conversation, me: me)))
  }

  private func search(_ keyword: String) async throws(ClientError) {
    await self.waitForAnswers()
    do {
      let (lines, hasMore) = try await self.parts.recorder.log.search(keyword, limit: Self.linesFound)
      self.show(.listing(.found(lines, keyword: keyword, hasMore: hasMore)))
    } catch {
      throw ClientError(.storage, "the chat log can't be searched: \(error)")
    }
  }

  /// Learns names for completion. That they are not to be had now is no harm: they come with what people say.
  func meetOthers() async {
    let client = self.parts.client
    if let groups = try? await client.groups() { self.parts.acquaintances.note(groups) }
    if let users = try? await client.onlineUsers(limit: Self.usersForCompletion) {
      self.parts.acquaintances.note(users)
    }
  }

  // MARK: Showing

  func show(_ output: ChatOutput) { self.parts.surface.show(output) }

  /// Says why a line was not done.
  private func refuse(_ output: ChatOutput) async {
    await self.parts.sent.failed()
    self.show(output)
  }
}

extension Destination {
  /// Whether it is a group that is named, and not the lobby or somebody.
  fileprivate var isGroup: Bool {
    if case .conversation(.group) = self { true } else { false }
  }
}
