import DequeModule
import NIOCore

/// The parts of logs that sessions of one event loop want: equal wishes are one request, a bounded number is under way, and what
/// is not answered is asked for again, elsewhere.
struct FetchQueue: Sendable {
  /// A request to be sent now.
  struct Request: Sendable, Hashable {
    let key: FetchKey
    /// How often it was asked for before; an answer to an earlier one does not count.
    let attempt: Int
  }

  private struct Wish {
    var sessions: [UInt64]
    /// Those that came when it was under way.
    var latecomers: [UInt64] = []
    var attempt = 0
    /// When it was sent; nil while it waits.
    var sent: NIODeadline?
  }

  private let maxInFlight: Int
  private let timeout: TimeAmount
  private var wishes: [FetchKey: Wish] = [:]
  private var waiting: Deque<FetchKey> = []
  /// What is asked for again at the next `retry`.
  private var postponed: [FetchKey] = []
  private var inFlight = 0

  /// - Parameters:
  ///   - maxInFlight: how many requests are under way.
  ///   - timeout: how long an answer may take.
  init(maxInFlight: Int, timeout: TimeAmount) {
    self.maxInFlight = maxInFlight
    self.timeout = timeout
  }

  /// Whether nothing is wanted.
  var isEmpty: Bool { wishes.isEmpty }

  /// A session wants a part of a log.
  mutating func add(_ key: FetchKey, for session: UInt64) {
    guard let wish = wishes[key] else {
      wishes[key] = Wish(sessions: [session])
      return waiting.append(key)
    }
    if wish.sent == nil {
      wishes[key]?.sessions.append(session)
    } else {
      wishes[key]?.latecomers.append(session)
    }
  }

  /// The next request to be sent; call it until it is nil.
  mutating func next(at now: NIODeadline) -> Request? {
    while inFlight < maxInFlight, let key = waiting.popFirst() {
      guard let attempt = wishes[key]?.attempt else { continue }
      wishes[key]?.sent = now
      inFlight += 1
      return Request(key: key, attempt: attempt)
    }
    return nil
  }

  /// A request was answered.
  ///
  /// - Returns: who wanted it: before it was sent, and after, so that the log may have been read before they asked.
  mutating func answered(_ request: Request) -> (sessions: [UInt64], latecomers: [UInt64]) {
    guard let wish = wishes[request.key], wish.attempt == request.attempt, wish.sent != nil else {
      return ([], [])
    }
    wishes[request.key] = nil
    inFlight -= 1
    return (wish.sessions, wish.latecomers)
  }

  /// A request will not be answered.
  ///
  /// - Parameter isElsewherePossible: whether it is asked for again at once; otherwise with the next `retry`.
  mutating func failed(_ request: Request, isElsewherePossible: Bool) {
    guard var wish = wishes[request.key], wish.attempt == request.attempt, wish.sent != nil else { return }
    wish.sent = nil
    wish.attempt += 1
    wish.sessions += wish.latecomers
    wish.latecomers = []
    wishes[request.key] = wish
    inFlight -= 1
    if isElsewherePossible { waiting.append(request.key) } else { postponed.append(request.key) }
  }

  /// Time has passed, or there is somebody new to ask: what failed, and what takes too long, is asked for again.
  mutating func retry(at now: NIODeadline) {
    waiting.append(contentsOf: postponed)
    postponed = []
    guard inFlight > 0 else { return }
    for (key, wish) in wishes {
      guard let sent = wish.sent, now - sent > timeout else { continue }
      failed(Request(key: key, attempt: wish.attempt), isElsewherePossible: true)
    }
  }
}
