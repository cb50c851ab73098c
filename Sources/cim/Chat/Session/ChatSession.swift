import CIMClient
import CIMCore

/// One user's chat: lines in, events out, until the user leaves or the client gives up.
struct ChatSession {
  /// How it ended.
  enum Outcome: Hashable {
    /// The user left.
    case left
    /// The user left, and some lines were not accepted, or not understood.
    case leftWithFailures
    /// The user did not want to wait.
    case interrupted
    /// The client gave up, or could not connect in time.
    case failed
  }

  /// How long lines that nobody typed wait for a connection.
  private static let connectLimit: Duration = .seconds(15)

  private let parts: ChatParts
  private let greeting: [String]?

  /// Creates a chat.
  ///
  /// - Parameters:
  ///   - acquaintances: Whom the user meets, for whoever completes names.
  ///   - log: Where what is said is kept for searching.
  ///   - greeting: Lines to print once connected, in place of the usual notice.
  ///   - replier: Somebody who replies to each line to the lobby: leaving waits for these replies.
  init(
    client: ChatClient, surface: any ChatSurface, acquaintances: Acquaintances, log: any ChatLog,
    greeting: [String]? = nil, replier: UserID? = nil
  ) {
    self.parts = ChatParts(
      client: client, surface: surface, recorder: ChatRecorder(log), acquaintances: acquaintances,
      sent: SentLines(client), replier: replier)
    self.greeting = greeting
  }

  /// Chats. When it returns, everything was printed and the client is closed.
  func run() async -> Outcome {
    let (outcomes, ending) = AsyncStream.makeStream(of: Outcome.self)
    let printing = Task {
      var reader = EventReader(self.parts, greeting: self.greeting)
      if await reader.readAll() { ending.yield(.failed) }
      await reader.flush()
    }
    // Reading standard input can't be cancelled: this task is left alone when the chat ends before the input does.
    let typing = Task { ending.yield(await self.takeLines()) }
    let outcome = await outcomes.first { _ in true } ?? .left
    typing.cancel()
    await self.client.close(within: .zero)
    await printing.value
    await self.surface.close()
    return outcome
  }

  private var client: ChatClient { self.parts.client }
  private var surface: any ChatSurface { self.parts.surface }
  private var sent: SentLines { self.parts.sent }

  /// Does what the user types until the user leaves.
  private func takeLines() async -> Outcome {
    var runner = RequestRunner(self.parts)
    if self.surface.isInteractive {
      Task { [runner] in
        // Whether it works comes as an event.
        guard (try? await self.client.connect()) != nil else { return }
        await runner.meetOthers()
      }
    } else {
      guard await self.connectInTime() else { return .failed }
      await self.parts.resume()
    }
    while true {
      switch await self.surface.next() {
      case .line(let line):
        if await !runner.run(line) { return await self.leave() }
      case .interrupt, .end:
        return await self.leave()
      }
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
      let seconds = Self.connectLimit.components.seconds
      self.surface.show(.failure("not connected within \(seconds) s: given up", line: nil))
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
        let deadline = ContinuousClock.now + ChatParts.patience
        await self.sent.waitForAll(within: ChatParts.patience)
        await self.client.close(within: deadline - .now)
        return await self.sent.hasFailed && !self.surface.isInteractive ? .leftWithFailures : .left
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
