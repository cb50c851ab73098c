import CIMProtos
import DequeModule
import NIOCore

/// What one link carries to its server as it happens: what may be sent now, what waits for room or for the link, and what
/// is to be looked at again when the link breaks.
///
/// Nothing is kept as payload: a message that can't be sent now becomes the tail of its conversation, and the server fetches
/// it from the log.
struct LinkOutbox: Sendable {
  typealias Frame = CimV1.LinkRequest.Frame

  /// How much is kept.
  struct Limits: Sendable, Hashable {
    /// What may be under way.
    var window: DeliveryWindow.Limits
    /// How many conversations and sessions whose tails wait; past it the server is told to ask for all.
    var tails: Int
    /// How many kicks wait for the link; past it the server is told to state its sessions again, which finds them.
    var kicks: Int
  }

  /// The most tails in one frame: about 100 KB.
  private static let tailsPerFrame = 1000

  private let limits: Limits
  private var window: DeliveryWindow
  private var tails: PendingTails
  private var kicks: Deque<CimV1.KickSession> = []
  private var isUp = false
  /// Whether kicks were dropped since the link was up.
  private(set) var hasDroppedKicks = false

  init(limits: Limits) {
    self.limits = limits
    window = DeliveryWindow(limits: limits.window)
    tails = PendingTails(capacity: limits.tails)
  }

  /// Whether as much is under way as may be: the server is behind.
  var isFull: Bool { window.isFull }

  /// What waits on the link now.
  func backlog(at now: NIODeadline) -> LinkBacklog {
    LinkBacklog(
      unacknowledged: window.count, unacknowledgedBytes: window.bytes,
      oldestAge: window.oldest.map { now - $0 } ?? .zero, pendingTails: tails.weight)
  }

  /// A message is for sessions on the server, or for its conversation's members there.
  ///
  /// - Parameter bytes: about how large it is.
  /// - Returns: what to send now; nil when its conversation's tail is told later.
  mutating func deliver(
    _ message: CimV1.Message, to sessions: [CimV1.SessionRef], bytes: Int, at now: NIODeadline
  ) -> Frame? {
    let tail = CimV1.Tail(conversation: message.conversation, position: message.position, sessions: sessions)
    guard isUp, let number = window.admit(tail, bytes: bytes, at: now) else {
      tails.add(tail)
      return nil
    }
    return .deliver(CimV1.Deliver(message: message, sessions: sessions, number: number))
  }

  /// The server is to be told how far conversations reach.
  ///
  /// - Returns: what to send now.
  mutating func tell(_ more: [CimV1.Tail], isInterested: (String) -> Bool) -> [Frame] {
    for tail in more { tails.add(tail) }
    return takeTails(isInterested: isInterested)
  }

  /// A session is to be closed.
  ///
  /// - Returns: what to send now.
  mutating func kick(_ kick: CimV1.KickSession) -> Frame? {
    guard !isUp else { return .kick(kick) }
    if kicks.count < limits.kicks { kicks.append(kick) } else { hasDroppedKicks = true }
    return nil
  }

  /// The link is up.
  ///
  /// - Returns: what waited for it.
  mutating func up(isInterested: (String) -> Bool) -> [Frame] {
    isUp = true
    hasDroppedKicks = false
    defer { kicks = [] }
    return kicks.map { .kick($0) } + takeTails(isInterested: isInterested)
  }

  /// The server has got all deliveries up to a number.
  ///
  /// - Returns: what there is room for now; nil when that number was not given yet.
  mutating func acknowledged(_ number: UInt64, isInterested: (String) -> Bool) -> [Frame]? {
    guard window.acknowledge(number) else { return nil }
    return takeTails(isInterested: isInterested)
  }

  /// The link is broken. What was for a conversation's members waits as its tail for the next link.
  ///
  /// - Returns: what was for sessions by name: they may be elsewhere by now.
  mutating func down() -> [CimV1.Tail] {
    isUp = false
    var named: [CimV1.Tail] = []
    for tail in window.reset() {
      if tail.sessions.isEmpty { tails.add(tail) } else { named.append(tail) }
    }
    return named
  }

  private mutating func takeTails(isInterested: (String) -> Bool) -> [Frame] {
    // While the window is full the server is behind: it would fetch what it can't take either.
    guard isUp, !window.isFull else { return [] }
    return tails.takeAll(perFrame: Self.tailsPerFrame, isInterested: isInterested).map { .tails($0) }
  }
}
