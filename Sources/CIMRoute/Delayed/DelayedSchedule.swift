import NIOCore

/// When to look for delayed messages whose time has come, and how many to take: pure, with the time as an argument.
struct DelayedSchedule: Sendable {
  /// What to do now.
  enum Step: Hashable, Sendable {
    /// Take at most so many.
    case take(Int)
    /// Nothing for that long.
    case wait(TimeAmount)
    /// Nothing any more.
    case stop
  }

  /// How long to wait for what tells nobody when it has come.
  private static let breath = TimeAmount.milliseconds(20)

  private let interval: TimeAmount
  private let limit: Int
  private var nextLook: NIODeadline
  private var isStopping = false
  private var isAway = false

  /// How many messages were taken and are not concluded.
  private(set) var underWay = 0

  /// - Parameters:
  ///   - interval: how long after a look the next one comes; less than how late a message may be.
  ///   - limit: how many messages may be under way; at least 1.
  ///   - start: when the first look is.
  init(interval: TimeAmount, limit: Int, start: NIODeadline) {
    self.interval = interval
    self.limit = limit
    nextLook = start
  }

  /// What to do now. After `take`, one of `took` and `failed` tells what came of it.
  ///
  /// - Parameter canSend: whether messages can be sent at all.
  func next(at now: NIODeadline, canSend: Bool) -> Step {
    if isStopping { return .stop }
    guard now >= nextLook else { return .wait(nextLook - now) }
    guard canSend, underWay < limit else { return .wait(Self.breath) }
    return .take(limit - underWay)
  }

  /// So many were taken, when that many were asked for.
  ///
  /// - Returns: whether they are to be sent: not when this route has begun to stop meanwhile.
  mutating func took(_ count: Int, of asked: Int, at now: NIODeadline) -> Bool {
    // There may be more: these do not have to wait.
    nextLook = count >= asked ? now : now + interval
    guard !isStopping else { return false }
    underWay += count
    return true
  }

  /// A message that was taken is concluded, or left to others.
  mutating func ended() { underWay -= 1 }

  /// The store could not be asked.
  ///
  /// - Returns: whether that is new.
  mutating func failed(at now: NIODeadline) -> Bool {
    nextLook = now + interval
    defer { isAway = true }
    return !isAway
  }

  /// The store has answered.
  ///
  /// - Returns: whether that is new.
  mutating func answered() -> Bool {
    defer { isAway = false }
    return isAway
  }

  /// Nothing more is to be taken.
  mutating func stop() { isStopping = true }
}
