import DequeModule
import NIOCore

/// The requests that wait for a connection, and those that wait for their replies.
///
/// Replies come in the order of the requests, and all requests may wait equally long, so both queues are ordered by
/// deadline too.
struct CommandPipeline<Request: PipelinedRequest> {
  private struct Waiting {
    let request: Request
    let deadline: NIODeadline
  }

  private struct InFlight {
    let request: Request
    var repliesToCome: Int
    let deadline: NIODeadline
  }

  private var waiting: Deque<Waiting> = []
  private var inFlight: Deque<InFlight> = []
  /// How many at the head of `inFlight` have timed out: they keep their place, because their replies may still come.
  private var timedOut = 0
  /// How many commands are in both queues.
  private(set) var commandCount = 0

  /// Whether some request's replies are overdue.
  var isOverdue: Bool { timedOut > 0 }
  /// Whether no request waits for replies that are not overdue.
  var isDrained: Bool { timedOut == inFlight.count }

  /// When the next request waits no longer.
  var nextDeadline: NIODeadline? {
    let sent = timedOut < inFlight.count ? inFlight[timedOut].deadline : nil
    return earliest(sent, waiting.first?.deadline)
  }

  /// Takes a request that cannot be sent yet.
  mutating func wait(_ request: Request, until deadline: NIODeadline) {
    commandCount += request.replyCount
    waiting.append(Waiting(request: request, deadline: deadline))
  }

  /// Takes a request that is being sent.
  mutating func send(_ request: Request, now: NIODeadline, timeout: TimeAmount) {
    commandCount += request.replyCount
    inFlight.append(
      InFlight(request: request, repliesToCome: request.replyCount, deadline: now + timeout))
  }

  /// Moves what waits to what is sent, without what nobody waits for any more.
  mutating func sendWaiting(now: NIODeadline, timeout: TimeAmount) -> [Request] {
    let requests = removeWaiting().filter { !$0.isAbandoned }
    for request in requests {
      send(request, now: now, timeout: timeout)
    }
    return requests
  }

  /// Counts one reply; the request it belongs to, or nil when none was expected.
  mutating func receiveReply() -> Request? {
    guard let request = inFlight.first?.request else { return nil }
    commandCount -= 1
    inFlight[0].repliesToCome -= 1
    if inFlight[0].repliesToCome == 0 {
      inFlight.removeFirst()
      timedOut = max(0, timedOut - 1)
    }
    return request
  }

  /// Removes what has waited too long for a connection.
  mutating func expireWaiting(now: NIODeadline) -> [Request] {
    var expired: [Request] = []
    while let first = waiting.first, first.deadline <= now {
      waiting.removeFirst()
      commandCount -= first.request.replyCount
      expired.append(first.request)
    }
    return expired
  }

  /// Finds what has waited too long for its replies; each request is found once, and keeps its place.
  mutating func expireInFlight(now: NIODeadline) -> [Request] {
    var expired: [Request] = []
    while timedOut < inFlight.count, inFlight[timedOut].deadline <= now {
      expired.append(inFlight[timedOut].request)
      timedOut += 1
    }
    return expired
  }

  /// Removes all that waits for a connection.
  mutating func removeWaiting() -> [Request] {
    defer { waiting.removeAll() }
    commandCount -= waiting.reduce(0) { $0 + $1.request.replyCount }
    return waiting.map(\.request)
  }

  /// Removes all that waits for replies.
  mutating func removeInFlight() -> [Request] {
    defer { inFlight.removeAll() }
    timedOut = 0
    commandCount -= inFlight.reduce(0) { $0 + $1.repliesToCome }
    return inFlight.map(\.request)
  }
}

/// The earlier of two deadlines, either of which may not exist.
func earliest(_ first: NIODeadline?, _ second: NIODeadline?) -> NIODeadline? {
  guard let first, let second else { return first ?? second }
  return min(first, second)
}
