import CIMChaos
import CIMClient
import CIMCore
import Glibc
import Logging
import NgRPC
import Synchronization

/// One user's client, and what it has on record.
actor HostedClient {
  /// What all clients of a process have in common.
  struct Setting: Sendable {
    let routes: [Endpoint]
    let roster: Roster
    let directory: String
    let seed: UInt64
    let logger: Logger
  }

  /// How many messages may wait for an answer before no more are sent.
  private static let unanswered = 100

  private let member: Roster.Member
  private let setting: Setting
  private let file: HistoryFile
  private var chatter: Chatter
  private var client: ChatClient?
  private var recording: Task<Void, Never>?
  private var rate = 0.0
  private var chatting: Task<Void, Never>?

  init(_ member: Roster.Member, _ setting: Setting) throws {
    self.member = member
    self.setting = setting
    self.file = try HistoryFile(path: RunDirectory.history(of: member.name, in: setting.directory))
    self.chatter = Chatter(member, in: setting.roster, seed: setting.seed)
  }

  /// Does what it is told, one order after the other.
  func obey(_ orders: AsyncStream<ClientOrder>) async throws {
    for await order in orders {
      switch order {
      case .rate(let rate): self.chat(rate)
      case .say(_, let conversation, let count): await self.say(count, in: conversation)
      case .leave, .quit: await self.leave()
      case .enter: try self.enter()
      }
    }
  }

  /// Connects, and stays connected.
  private func enter() throws {
    guard self.client == nil else { return }
    try self.file.append([.started(process: getpid())])
    var configuration = ChatClient.Configuration(
      routes: self.setting.routes, identity: .name(try UserName(self.member.name)),
      storage: HistoryStorage(self.file), logger: self.setting.logger)
    configuration.heartbeat = .init(pingInterval: .seconds(2), idleTimeout: .seconds(8))
    configuration.timeouts = .init(login: .seconds(5), welcome: .seconds(5))
    configuration.reconnect.maximum = .seconds(3)
    let client = ChatClient(configuration)
    self.client = client
    self.recording = Task { await self.record(client) }
    Task { try? await client.connect() }
    self.chat(self.rate)
  }

  /// Leaves in good order: with all answers.
  private func leave() async {
    self.chatting?.cancel()
    guard let client = self.client.take() else { return }
    await client.close(within: .seconds(20))
    await self.recording?.value
  }

  /// Sends that many messages a second from now on.
  private func chat(_ rate: Double) {
    self.rate = rate
    self.chatting?.cancel()
    guard rate > 0, self.client != nil else { return }
    self.chatting = Task {
      while (try? await Task.sleep(for: self.chatter.pause(rate: rate))) != nil {
        self.post(to: self.chatter.conversation())
      }
    }
  }

  /// Sends messages to one conversation, no more at a time than may wait for an answer.
  private func say(_ count: Int, in conversation: Conversation) async {
    var left = count
    while left > 0 {
      if self.post(to: conversation) {
        left -= 1
      } else if (try? await Task.sleep(for: .milliseconds(5))) == nil {
        return
      }
    }
  }

  @discardableResult
  private func post(to conversation: Conversation) -> Bool {
    guard let client = self.client, client.info.account != nil, client.info.unanswered < Self.unanswered
    else {
      return false
    }
    client.post(self.chatter.text(), to: .conversation(conversation))
    return true
  }

  /// Writes down what the storage does not hear of.
  private func record(_ client: ChatClient) async {
    var gaps = 0
    for await event in client.events {
      switch event {
      case .state(.ready(let server)): self.write(.online(server: "\(server)"))
      case .state(.reconnecting(let reason, _)): self.write(.away(reason: reason))
      case .state(.closed): self.write(.closed)
      case .state(.failed(let error)): self.write(.failed(reason: error.message))
      case .moved(let server, let away):
        self.write(.moved(server: "\(server)", away: UInt64(max(0, away / .milliseconds(1)))))
      case .reset(let conversation, let after, let until, _):
        self.write(.reset(conversation: conversation, after: after, until: until))
      case .state(.initialized), .state(.connecting), .kicked, .message, .membership, .sendAccepted,
        .sendDelivered, .sendRefused, .receipt, .read:
        break
      }
      let found = client.info.counters.gaps
      if found > gaps { self.write(.gap(count: found - gaps)) }
      gaps = found
    }
  }

  private func write(_ event: HistoryEvent) {
    do {
      try self.file.append([event])
    } catch {
      // Without its record a client proves nothing.
      fatalError("\(error)")
    }
  }
}
