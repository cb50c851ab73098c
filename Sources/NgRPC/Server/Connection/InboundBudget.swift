/// How much of requests a connection holds, and what follows from it. Pure.
///
/// The window of a stream bounds what one call holds, and a message larger than it is given more as it comes. Both times
/// thousands of calls is more than a server has, so the sum has a bound:
/// - over half of it, messages that are incomplete get no more window than their stream had, but for one at a time, which
///   can so be completed, and for as many as there is room for again;
/// - over all of it the connection gets no window;
/// - and when incomplete messages are what fills it, which nobody can take, some of them have to go.
struct InboundBudget {
  /// The bound, in bytes.
  let limit: Int
  /// What was received and neither taken nor dropped, in bytes.
  private(set) var held = 0

  init(limit: Int) { self.limit = limit }

  mutating func hold(_ bytes: Int) { held += bytes }

  mutating func release(_ bytes: Int) {
    held -= bytes
    assert(held >= 0, "more was taken than came")
  }

  /// Whether the connection gets no window.
  var isExceeded: Bool { held > limit }
  /// Whether there is room for more of messages that are incomplete.
  var hasRoomForParts: Bool { held <= limit / 2 }
  /// How much that room is, in bytes.
  var roomForParts: Int { max(0, limit / 2 - held) }
  /// Whether what is held is to become less by dropping, once that has begun.
  var shouldDropMore: Bool { held > limit / 2 }
}
