import CIMCore
import CIMProtos
import Logging
import NIOCore
import Synchronization

/// What all parts of a server share.
final class ServerCore: Sendable {
  let configuration: ServerConfiguration
  let links: LinkTable
  let pages = PagesTable()
  let shards = Shards()
  let counters = ServerCounters()
  let logger: Logger
  private let startedAt = Timestamp.now()

  private struct Sessions {
    var table = SessionTable()
    var earlyKicks = EarlyKicks(maxAge: .seconds(10), capacity: 1024)
  }

  private let sessions = Mutex(Sessions())
  private let registration: Mutex<ServerInstance?> = Mutex(nil)
  private let restateNames = Mutex(RestateNames())
  private let draining = Atomic(false)
  private let lastLink = Atomic<UInt64>(0)
  /// How many clients' streams are open, with or without a session.
  let openStreams = Atomic(0)
  /// Tells the number of sessions to whoever waits for the last one's end.
  let sessionCounts = Latest<Int>(0)

  init(configuration: ServerConfiguration, logger: Logger) {
    self.configuration = configuration
    self.logger = logger
    links = LinkTable(maxUnreported: configuration.maxSessions)
  }

  // MARK: Registration

  /// The registration under which the server speaks to routes; nil before the first.
  var instance: ServerInstance? {
    get { registration.withLock { $0 } }
    set { registration.withLock { $0 = newValue } }
  }

  /// Whether the server is going away and takes no new clients.
  var isDraining: Bool {
    get { draining.load(ordering: .acquiring) }
    set { draining.store(newValue, ordering: .releasing) }
  }

  /// A number for a new link.
  func nextLinkID() -> LinkID {
    LinkID(rawValue: lastLink.wrappingAdd(1, ordering: .relaxed).newValue)
  }

  /// What routes are told every second.
  var load: CimV1.LinkPing {
    let (statistics, usage) = (counters.statistics, ProcessUsage.now())
    return CimV1.LinkPing(
      connections: UInt32(clamping: connectionCount),
      work: CimV1.ServerWork(
        startedAtMs: Int64(clamping: startedAt.milliseconds), sent: UInt64(statistics.sent),
        delivered: UInt64(statistics.delivered), catchUps: UInt64(statistics.catchUps),
        pausedFeeds: UInt64(statistics.pausedFeeds), cpuMs: usage.cpuMilliseconds,
        residentBytes: usage.residentBytes, nowMs: Int64(clamping: Timestamp.now().milliseconds)))
  }

  // MARK: Sessions

  /// How many clients are connected, those included that have no session yet.
  var connectionCount: Int { openStreams.load(ordering: .relaxed) }

  /// How many sessions there are.
  var sessionCount: Int { sessions.withLock { $0.table.count } }

  /// Gives a session its device's place; an older session of the device is kicked.
  ///
  /// - Returns: why the session must be closed instead: a newer one has the place, or a route has closed it before it was
  ///   here. Nil when it has the place.
  func enter(_ identity: SessionMachine.Identity, at address: SessionAddress) -> CimV1.Kick? {
    let (entry, replaced, kick) = sessions.withLock {
      sessions -> (SessionTable.Entry, UInt64?, CimV1.Kick?) in
      if let kick = sessions.earlyKicks.kick(for: identity.reference, at: .now()) {
        return (.superseded, nil, kick)
      }
      let replaced = sessions.table.epoch(of: identity.key)
      let entry = sessions.table.enter(identity.key, epoch: identity.epoch, at: address)
      sessionCounts.publish(sessions.table.count)
      return (entry, replaced, nil)
    }
    switch entry {
    case .entered: return nil
    case .superseded: return kick ?? .replaced
    case .replaced(let older):
      shards.push(
        .kick(.replaced, session: older.number, epoch: replaced ?? 0), to: older.shard)
      return nil
    }
  }

  /// Closes a session; one that is not here yet as soon as it comes.
  func kick(_ session: CimV1.SessionRef, _ kick: CimV1.Kick) {
    let address = sessions.withLock { sessions in
      let address = sessions.table.address(of: session)
      if address == nil { sessions.earlyKicks.add(kick, for: session, at: .now()) }
      return address
    }
    guard let address else { return }
    shards.push(.kick(kick, session: address.number, epoch: session.sessionEpoch), to: address.shard)
  }

  /// Frees the place that a session has, and tells a route that it is closed.
  func leave(_ identity: SessionMachine.Identity, at address: SessionAddress) {
    // First, so that whoever waits until the last session has left ends the links after this.
    links.report(closed: identity.reference)
    sessions.withLock { sessions in
      _ = sessions.table.leave(identity.key, at: address)
      sessionCounts.publish(sessions.table.count)
    }
  }

  /// Some need not wait any more: all routes know of their conversations.
  func interestInForce(_ waiters: [InterestWaiter]) {
    var groups: [String] = []
    for waiter in waiters {
      switch waiter {
      case .session(let session): shards.push(.inForce(session.number), to: session.shard)
      case .group(let group): groups.append(group)
      }
    }
    links.query(tailsOf: groups)
  }

  /// Has all sessions stated again, once for each name.
  func restate(_ name: String) {
    if restateNames.withLock({ $0.heed(name) }) { shards.pushToAll(.restate) }
  }

  /// Tells a session that its message was delivered; nobody when it is not here any more.
  func delivered(_ delivered: CimV1.LinkDelivered) {
    guard let session = delivered.session, let message = delivered.delivered,
      let address = sessions.withLock({ $0.table.address(of: session) })
    else { return }
    shards.push(.delivered(message, to: address.number), to: address.shard)
  }

  /// Where sessions are: those that are here by shard, and those that are not.
  func locate(
    _ wanted: [CimV1.SessionRef]
  ) -> (here: [Int: [ShardEvent.Recipient]], missing: [CimV1.SessionRef]) {
    var here: [Int: [ShardEvent.Recipient]] = [:]
    var missing: [CimV1.SessionRef] = []
    sessions.withLock { sessions in
      for session in wanted {
        if let address = sessions.table.address(of: session) {
          here[address.shard, default: []].append(.init(number: address.number, session: session))
        } else {
          missing.append(session)
        }
      }
    }
    return (here, missing)
  }
}

extension CimV1.Kick {
  /// For a session whose device has connected again.
  static let replaced = CimV1.Kick(
    reason: .replaced, detail: "The same device connected again; this connection is closed.")
}
