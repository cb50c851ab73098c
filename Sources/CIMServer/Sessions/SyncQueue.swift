import DequeModule
import NIOCore

/// The sessions of one event loop of which a route is to be asked what they may have missed: many in one request, a bounded number
/// of requests under way, and what is not answered is asked again.
struct SyncQueue: Sendable {
  /// A session that is asked for.
  struct Entry: Sendable, Hashable {
    let session: UInt64
    /// Whether all that is known of its device is asked for.
    let isNew: Bool
  }

  /// A request, by its number.
  struct Batch: Sendable, Hashable {
    let number: UInt64
    let entries: [Entry]
  }

  private let maxSessions: Int
  /// How much may be said in a request, unless it is of one session: places of conversations.
  private static let maxWeight = 2000

  private let maxInFlight: Int
  private let timeout: TimeAmount
  private var waiting: Deque<UInt64> = []
  /// Those that wait, and whether all is asked for.
  private var wishes: [UInt64: Bool] = [:]
  private var postponed: [Entry] = []
  private var inFlight: [UInt64: (entries: [Entry], sent: NIODeadline)] = [:]
  private var lastNumber: UInt64 = 0

  /// - Parameters:
  ///   - maxSessions: how many sessions a request names.
  ///   - maxInFlight: how many requests are under way.
  ///   - timeout: how long an answer may take.
  init(maxSessions: Int, maxInFlight: Int, timeout: TimeAmount) {
    self.maxSessions = maxSessions
    self.maxInFlight = maxInFlight
    self.timeout = timeout
  }

  /// Whether a request could be sent.
  var hasNext: Bool { !waiting.isEmpty && inFlight.count < maxInFlight }

  /// A session is to be asked for.
  ///
  /// - Parameter isNew: whether for all that is known of its device.
  mutating func add(_ session: UInt64, isNew: Bool) {
    let waits = wishes[session]
    wishes[session] = isNew || waits == true
    if waits == nil { waiting.append(session) }
  }

  /// The next request to be sent; call it until it is nil.
  ///
  /// - Parameter weight: how many places of conversations are said of a session.
  mutating func next(at now: NIODeadline, weight: (UInt64) -> Int) -> Batch? {
    guard hasNext else { return nil }
    var entries: [Entry] = []
    var total = 0
    while entries.count < maxSessions, let session = waiting.first {
      total += weight(session)
      guard entries.isEmpty || total <= Self.maxWeight else { break }
      waiting.removeFirst()
      entries.append(Entry(session: session, isNew: wishes.removeValue(forKey: session) ?? false))
    }
    lastNumber += 1
    inFlight[lastNumber] = (entries, now)
    return Batch(number: lastNumber, entries: entries)
  }

  /// A request was answered.
  ///
  /// - Returns: its sessions; nil when the answer came too late.
  mutating func answered(_ number: UInt64) -> [Entry]? {
    inFlight.removeValue(forKey: number)?.entries
  }

  /// A request will not be answered.
  ///
  /// - Parameter isElsewherePossible: whether it is asked again at once; otherwise with the next `retry`.
  mutating func failed(_ number: UInt64, isElsewherePossible: Bool) {
    guard let batch = inFlight.removeValue(forKey: number) else { return }
    if isElsewherePossible {
      for entry in batch.entries { add(entry.session, isNew: entry.isNew) }
    } else {
      postponed += batch.entries
    }
  }

  /// A session was left out of an answer: it is asked for with the next `retry`.
  mutating func postpone(_ entry: Entry) { postponed.append(entry) }

  /// Time has passed, or there is somebody new to ask.
  mutating func retry(at now: NIODeadline) {
    for entry in postponed { add(entry.session, isNew: entry.isNew) }
    postponed = []
    for (number, batch) in inFlight where now - batch.sent > timeout {
      failed(number, isElsewherePossible: true)
    }
  }
}
