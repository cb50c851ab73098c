import CIMCore
import CIMProtos
import Logging
import Synchronization
import NgRPC

/// One user's device, online: sends, receives, and stays connected by itself.
///
/// ```swift
/// let client = ChatClient(.init(routes: [Endpoint(host: "127.0.0.1", port: 7400)], identity: .name(try UserName("olu"))))
/// try await client.connect()
/// try await client.send("hello", to: .lobby)
/// for await case .message(let message) in client.events {
///   print(message.sender.name, message.text)
/// }
/// ```
///
/// It registers the name if need be, logs in through any of its routes, and holds a connection to the server that the
/// route chose. When that connection fails it logs in again, with a jittered exponential backoff, and goes on: what was
/// sent and not answered is sent again under the same number, so that it is logged once; what was missed comes first, and what
/// is received again is shown once. Messages to one conversation keep their order. With a storage that outlives it, all
/// this holds across restarts of the program, however it ended.
///
/// Take all events as they come, also if only sending is of interest: see `Limits.unreadMessages`.
///
/// Clients share nothing: any number of them can live in one process. All methods are safe from any task. A client that
/// is released without `close()` ends at once; what was not answered stays in its storage.
public final class ChatClient: Sendable {
  /// How it connects.
  public let configuration: Configuration

  /// What happens to it, in order. One consumer at a time.
  public let events: Events

  let loop: ClientLoop
  private let running: Task<Void, Never>

  /// Creates a client. It does nothing before `connect()`.
  public init(_ configuration: Configuration) {
    precondition(!configuration.routes.isEmpty, "a client needs at least one route")
    self.configuration = configuration
    let loop = ClientLoop(configuration)
    self.loop = loop
    self.events = Events(queue: loop.events)
    self.running = Task { await loop.run() }
  }

  deinit {
    self.loop.post(.close(deadline: .now))
  }

  /// Connects, and waits until messages flow. From then on the client stays connected by itself.
  ///
  /// While no route or server can be reached it tries again, and `events` tells why.
  ///
  /// - Throws: `ClientError` when trying again would not help; `CancellationError` when the task is cancelled: the client
  ///   goes on connecting then, until `close()`.
  public func connect() async throws {
    self.loop.post(.start)
    try await self.loop.ready.wait()
  }

  /// What an earlier client with the same storage had not been answered: it goes again, before anything else and under the same
  /// numbers, and events tell what becomes of it. Complete once `connect()` has returned, and at the first event.
  public var restored: [UnsentMessage] { self.loop.restored }

  /// How it stands right now.
  public var info: Info { self.loop.info }

  /// Ends: waits until what was sent is answered, then leaves and logs the device out. Never fails; does nothing the
  /// second time. When it returns, the storage is free for another client.
  ///
  /// - Parameter limit: how long to wait for answers, 5 s by default. What is not answered by then stays in the storage, and goes
  ///   with the next client that has it.
  public func close(within limit: Duration = .seconds(5)) async {
    self.loop.post(.close(deadline: .now + limit))
    await self.running.value
  }
}

extension ChatClient {
  /// How a client stands at one moment.
  public struct Info: Hashable, Sendable {
    /// Who is logged in; `nil` before the first login.
    public var account: Account?

    /// The device; `nil` before the storage was read.
    public var device: DeviceID?

    /// The connection; what `states` and the last event said of it.
    public var state = State.initialized

    /// When the connection that is in use was opened, by the store's clock: what was logged before, and comes over it, was missed.
    /// `nil` before the first one.
    public var connectedAt: Timestamp?

    /// Messages sent and not answered yet.
    public var unanswered = 0

    /// What has happened since the client was made.
    public var counters = Counters()
  }

  /// What has happened to a client, as numbers that grow.
  public struct Counters: Hashable, Sendable {
    /// Messages that came again and were not shown again.
    public var doubles = 0

    /// Messages of this client itself that came back, as they do to keep the user's devices in step.
    public var own = 0

    /// Messages of a kind that this version does not know.
    public var unknown = 0

    /// Messages that named another one before them than the last one received: something is missing although no reset said so.
    public var gaps = 0

    /// Connections that were lost and made anew.
    public var reconnects = 0

    /// Moves to another server without a loss.
    public var moves = 0

    /// How long the client was away when it reconnected or moved last.
    public var lastAway = Duration.zero
  }
}
