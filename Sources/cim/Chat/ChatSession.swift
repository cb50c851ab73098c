import CIMClient
import CIMCore

/// One user's chat: lines in, events out, until the user leaves or the client gives up.
struct ChatSession {
  /// How it ended.
  enum Outcome: Hashable {
    /// The user left.
    case left
    /// The user left, and some lines were not accepted.
    case leftWithRefusals
    /// The user did not want to wait.
    case interrupted
    /// The client gave up, or could not connect in time.
    case failed
  }

  /// How long leaving waits for answers.
  private static let patience: Duration = .seconds(5)
  /// How long lines that nobody typed wait for a connection.
  private static let connectLimit: Duration = .seconds(15)
  /// How many lines that nobody typed are on their way at once.
  private static let linesInFlight = 100

  private let client: ChatClient
  private let surface: any ChatSurface
  private let greeting: [String]?
  private let replier: UserID?
  private let sent: SentLines

  /// Creates a chat.
  ///
  /// - Parameters:
  ///   - greeting: Lines to print once connected, in place of the usual notice.
  ///   - replier: Somebody who replies to each line to the lobby: leaving waits for these replies.
  init(client: ChatClient, surface: any ChatSurface, greeting: [String]? = nil, replier: UserID? = nil) {
    self.client = client
    self.surface = surface
    self.greeting = greeting
    self.replier = replier
    self.sent = SentLines(client)
  }

  /// Chats. When it returns, everything was printed and the client is closed.
  func run() async -> Outcome {
    let (outcomes, ending) = AsyncStream.makeStream(of: Outcome.self)
    let printing = Task { if await self.printEvents() == .failed { ending.yield(.failed) } }
    // Reading standard input can't be cancelled: this task is left alone when the chat ends before the input does.
    let typing = Task { ending.yield(await self.takeLines()) }
    let outcome = await outcomes.first { _ in true } ?? .left
    typing.cancel()
    await self.client.close(within: .zero)
    await printing.value
    await self.surface.close()
    return outcome
  }

  // MARK: Events

  /// Prints what happens until the client has ended.
  private func printEvents() async -> Outcome {
    var wasReady = false
    for await event in self.client.events {
      await self.resume()
      switch event {
      case .state(.ready) where !wasReady && self.greeting != nil:
        wasReady = true
        self.surface.print(self.greeting?.joined(separator: "\n") ?? "")
      case .state(let state):
        if let line = self.transcript.state(state, account: self.client.info.account, isFirst: !wasReady) {
          self.surface.printNotice(line)
        }
        if case .ready = state { wasReady = true }
        if case .failed = state { return .failed }
      case .moved(let server, _):
        self.surface.printNotice(self.transcript.moved(to: server))
      case .membership(let entry):
        self.surface.printNotice(self.transcript.membership(entry))
      case .message(let message):
        self.surface.print(self.transcript.message(message))
        if message.sender.id == self.replier, message.conversation == .lobby { await self.sent.replied() }
      case .sendAccepted(let ticket, _):
        await self.sent.accepted(ticket)
      case .sendRefused(let ticket, let error):
        let text = await self.sent.refused(ticket)
        self.surface.printNotice(self.transcript.refused(text, error))
      case .kicked, .sendDelivered:
        // The state that follows a kick says why, and what now.
        break
      case .reset(let conversation, let after, let until, _):
        self.surface.printNotice(self.transcript.reset(conversation, after: after, until: until))
      }
    }
    return .left
  }

  /// What was left unanswered last time is awaited now.
  private func resume() async {
    let count = await self.sent.resume(self.client.restored)
    if count > 0 { self.surface.printNotice(self.transcript.resumed(count)) }
  }

  private var transcript: Transcript { self.surface.transcript }

  // MARK: Lines

  /// Does what the user types until the user leaves.
  private func takeLines() async -> Outcome {
    if self.surface.isInteractive {
      // Whether it works comes as an event.
      Task { try? await self.client.connect() }
    } else if await !self.connectInTime() {
      return .failed
    }
    if !self.surface.isInteractive { await self.resume() }
    while true {
      switch await self.surface.next() {
      case .line(let line):
        if await !self.take(ChatLine(line)) { return await self.leave() }
      case .interrupt, .end:
        return await self.leave()
      }
    }
  }

  /// - Returns: whether the chat goes on.
  private func take(_ line: ChatLine) async -> Bool {
    switch line {
    case .say(let text): await self.send(text, to: .lobby)
    case .tell(let user, let text): await self.send(text, to: .user(user))
    case .empty: self.surface.printNotice(self.transcript.emptyLine)
    case .malformedID(let id): self.surface.printNotice(self.transcript.malformedID(id))
    case .unknown(let command): self.surface.printNotice(self.transcript.unknownCommand(command))
    case .help: self.surface.print(Transcript.help)
    case .info:
      self.surface.print(self.transcript.info(self.client.info, routes: self.client.configuration.routes))
    case .onlineUsers: await self.listOnlineUsers()
    case .quit: return false
    }
    return true
  }

  private func send(_ text: String, to destination: Destination) async {
    await self.sent.post(
      text, to: destination, isReplied: self.replier != nil && destination == .lobby)
    if !self.surface.isInteractive { await self.sent.wait(untilUnanswered: Self.linesInFlight) }
  }

  private func listOnlineUsers() async {
    // A list that follows a line in a file is to show how it is after that line.
    if !self.surface.isInteractive { await self.sent.waitForAll(within: Self.patience) }
    do {
      let users = try await self.client.onlineUsers()
      self.surface.print(self.transcript.onlineUsers(users, me: self.client.info.account))
    } catch {
      self.surface.printNotice(self.transcript.failure(error.message))
    }
  }

  private func connectInTime() async -> Bool {
    let connecting = Task { try await self.client.connect() }
    let limit = Task {
      try await Task.sleep(for: Self.connectLimit)
      connecting.cancel()
    }
    defer { limit.cancel() }
    do {
      try await connecting.value
      return true
    } catch is CancellationError {
      self.surface.printNotice(
        self.transcript.failure("not connected within \(Self.connectLimit.components.seconds) s: given up"))
      return false
    } catch {
      // The client gave up: its last event says why.
      return false
    }
  }

  /// Leaves as soon as all answers are there. Whoever is in a hurry interrupts once more.
  private func leave() async -> Outcome {
    await withTaskGroup(of: Outcome?.self) { group in
      group.addTask {
        let deadline = ContinuousClock.now + Self.patience
        await self.sent.waitForAll(within: Self.patience)
        await self.client.close(within: deadline - .now)
        return await self.sent.hasRefused && !self.surface.isInteractive ? .leftWithRefusals : .left
      }
      if self.surface.isInteractive {
        group.addTask { await self.nextInterrupt() ? .interrupted : nil }
      }
      defer { group.cancelAll() }
      while let outcome = await group.next() {
        if let outcome { return outcome }
      }
      return .left
    }
  }

  /// Waits for an interrupt; false when there will be none.
  private func nextInterrupt() async -> Bool {
    while true {
      switch await self.surface.next() {
      case .interrupt: return true
      case .end: return false
      case .line: break
      }
    }
  }
}
