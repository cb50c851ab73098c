import CIMCore
import CIMProtos
import Logging
import Synchronization

/// Carries out what the state machine decides: one task takes one input after the other, so that nothing is ever
/// reordered and the machine needs no lock.
final class ClientLoop: Sendable {
  /// What happens to a client.
  enum Input: Sendable {
    case start
    case send(
      CimV1.Content, to: Destination, ticket: SendTicket, answer: CheckedContinuation<Accepted, any Error>?)
    case abandon(SendTicket)
    case close(deadline: ContinuousClock.Instant)
    case loginAnswered(Result<SessionStateMachine.Grant, ConnectionFailure>, attempt: Int)
    case received(CimV1.ConnectResponse.Frame, attempt: Int)
    case connectionLost(ConnectionFailure, attempt: Int)
    case alarm
  }

  private struct Shared {
    var info: ChatClient.Info
    var token: String?
    var tickets: UInt64 = 0
  }

  let events: EventQueue
  let routes: RouteConnection
  /// Opens at the first welcome, or when the client gives up.
  let ready = Latch<ClientError>()

  private let configuration: ChatClient.Configuration
  private let logger: Logger
  private let inputs: AsyncStream<Input>
  private let mailbox: AsyncStream<Input>.Continuation
  private let shared: Mutex<Shared>

  init(_ configuration: ChatClient.Configuration) {
    var logger = configuration.logger
    logger[metadataKey: "device"] = "\(configuration.device)"
    self.configuration = configuration
    self.logger = logger
    self.events = EventQueue(limit: configuration.limits.unreadMessages)
    self.routes = RouteConnection(endpoints: configuration.routes, logger: logger)
    (self.inputs, self.mailbox) = AsyncStream.makeStream()
    self.shared = Mutex(
      Shared(info: ChatClient.Info(account: nil, device: configuration.device, state: nil, unanswered: 0)))
  }

  var info: ChatClient.Info { self.shared.withLock(\.info) }

  var token: String? { self.shared.withLock(\.token) }

  func makeTicket() -> SendTicket {
    self.shared.withLock { shared in
      shared.tickets += 1
      return SendTicket(number: shared.tickets)
    }
  }

  /// Hands an input to the loop. Inputs are taken in the order in which they were posted.
  func post(_ input: Input) {
    guard case .terminated = self.mailbox.yield(input), case .send(_, _, _, let answer?) = input else {
      return
    }
    answer.resume(throwing: SendError(.closed, "the client is closed: make a new one"))
  }

  /// Takes inputs until the client has ended and everything is cleared away.
  func run() async {
    var run = ClientRun(loop: self, configuration: self.configuration, logger: self.logger)
    for await input in self.inputs {
      run.take(input)
      // What was posted meanwhile is still taken, and answered.
      if run.hasEnded { self.mailbox.finish() }
    }
    await run.clearAway()
    self.events.finish()
  }

  /// Makes the machine's state known outside of the loop.
  func publish(_ machine: SessionStateMachine) {
    self.shared.withLock { shared in
      shared.info.account = machine.account
      shared.info.unanswered = machine.outbox.count
      shared.token = machine.token
    }
  }

  /// Tells the application.
  func emit(_ event: ChatClient.Event) {
    if case .state(let state) = event {
      self.shared.withLock { $0.info.state = state }
      switch state {
      case .ready: self.ready.open(.success(()))
      case .failed(let error): self.ready.open(.failure(error))
      case .closed: self.ready.open(.failure(ClientError(.closed, "the client is closed")))
      case .connecting, .reconnecting: break
      }
    }
    self.events.append(event)
  }
}
