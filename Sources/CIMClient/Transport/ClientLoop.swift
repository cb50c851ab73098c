import CIMCore
import CIMProtos
import Logging
import Synchronization

/// Carries out what the state machine decides: one task takes the inputs that have come, in their order, so that nothing is ever
/// reordered and the machine needs no lock.
final class ClientLoop: Sendable {
  /// What happens to a client.
  enum Input: Sendable {
    case start
    case send(
      Draft, to: Destination, ticket: SendTicket, answer: CheckedContinuation<Accepted, any Error>?)
    case abandon(SendTicket)
    case markRead(Conversation, upTo: LogPosition)
    case close(deadline: ContinuousClock.Instant)
    case loginAnswered(Result<SessionStateMachine.Grant, ConnectionFailure>, attempt: Int)
    case received(CimV1.ConnectResponse.Frame, attempt: Int)
    case connectionLost(ConnectionFailure, attempt: Int)
    /// The application has room for what was received.
    case wanted
    case synchronized
    case storageFailed(ClientError)
    case alarm

    var isClose: Bool { if case .close = self { true } else { false } }
  }

  private struct Shared {
    var info = ChatClient.Info()
    var token: String?
    var restored: [UnsentMessage] = []
  }

  let events: EventQueue
  let states = Latest(ChatClient.State.initialized)
  let routes: RouteConnection
  /// How many received frames there are between the connection and the application.
  let window: ReadWindow
  /// Opens at the first welcome, or when the client gives up.
  let ready = Latch<ClientError>()

  private let configuration: ChatClient.Configuration
  private let logger: Logger
  private let mailbox: Mailbox<Input>
  private let shared = Mutex(Shared())

  init(_ configuration: ChatClient.Configuration) {
    let mailbox = Mailbox<Input>()
    let unread = configuration.limits.unreadMessages
    self.configuration = configuration
    self.logger = configuration.logger
    self.mailbox = mailbox
    self.events = EventQueue(limit: configuration.storage.keepsMessages ? unread : 0) {
      // After the end nothing is wanted any more.
      _ = mailbox.post(.wanted)
    }
    self.window = ReadWindow(limit: unread)
    self.routes = RouteConnection(
      endpoints: configuration.routes, deviceKind: configuration.deviceKind, logger: configuration.logger)
  }

  var info: ChatClient.Info { self.shared.withLock(\.info) }

  var token: String? { self.shared.withLock(\.token) }

  var restored: [UnsentMessage] { self.shared.withLock(\.restored) }

  /// Hands an input to the loop. Inputs are taken in the order in which they were posted.
  func post(_ input: Input) {
    guard !self.mailbox.post(input), case .send(_, _, _, let answer?) = input else { return }
    answer.resume(throwing: SendError(.closed, "the client is closed: make a new one"))
  }

  /// Takes inputs until the client has ended and everything is cleared away.
  func run() async {
    var inputs = await self.mailbox.next()
    let stored = await self.load(unless: inputs.first?.isClose ?? true)
    var run = ClientRun(
      loop: self, configuration: self.configuration, record: stored.record, logger: self.logger)
    if case .failure(let error) = stored { await run.take([.storageFailed(error)]) }
    while !inputs.isEmpty {
      await run.take(inputs)
      // What was posted meanwhile is still taken, and answered.
      if run.hasEnded { self.mailbox.finish() }
      inputs = await self.mailbox.next()
    }
    self.window.close()
    await run.clearAway()
    self.states.finish()
    self.events.finish()
  }

  /// Reads the storage.
  ///
  /// - Parameter isClosing: The client is to end before it has begun: it leaves the storage alone.
  private func load(unless isClosing: Bool) async -> Result<ClientRecord?, ClientError> {
    if isClosing { return .success(nil) }
    do {
      let record = try await self.configuration.storage.load()
      self.shared.withLock { $0.restored = record.unsent }
      return .success(record)
    } catch {
      return .failure(ClientError(storage: error))
    }
  }

  /// Makes the machine's state known outside of the loop.
  func publish(_ machine: SessionStateMachine) {
    self.shared.withLock { shared in
      shared.info.account = machine.account
      shared.info.device = machine.device
      shared.info.connectedAt = machine.connectedAt
      shared.info.unanswered = machine.outbox.unanswered
      shared.info.counters = machine.counters
      shared.info.counters.doubles = machine.inbox.doubles
      shared.info.counters.own = machine.inbox.own
      shared.info.counters.unknown = machine.inbox.unknown
      shared.info.counters.gaps = machine.inbox.gaps
      shared.token = machine.token
    }
  }

  /// Tells the application.
  func emit(_ event: ChatClient.Event) {
    switch event {
    case .state(let state):
      self.note(state)
      switch state {
      case .ready: self.ready.open(.success(()))
      case .failed(let error): self.ready.open(.failure(error))
      case .closed: self.ready.open(.failure(ClientError(.closed, "the client is closed")))
      case .initialized, .connecting, .reconnecting: break
      }
    case .moved(let server, _):
      self.note(.ready(server))
    default:
      break
    }
    self.events.append(event)
  }

  private func note(_ state: ChatClient.State) {
    self.shared.withLock { $0.info.state = state }
    self.states.publish(state)
  }
}

extension Result<ClientRecord?, ClientError> {
  fileprivate var record: ClientRecord? { if case .success(let record) = self { record } else { nil } }
}
