import DequeModule
import NIOCore
import NgRPC

/// Live messages for a server whose link is being made: kept for a short time, so that a link that is new or breaks for a
/// moment costs no message. What is too old or too much is dropped; it stays in the log.
struct ParkedFrames: Sendable {
  /// A message that waits.
  struct Frame: Sendable {
    /// For whom: nil when it is for sessions that it names.
    let conversation: String?
    let message: FramedMessage
  }

  private let maxCount: Int
  private let maxAge: TimeAmount
  private var frames: Deque<(since: NIODeadline, frame: Frame)> = []

  init(maxCount: Int, maxAge: TimeAmount) {
    self.maxCount = maxCount
    self.maxAge = maxAge
  }

  /// Keeps a frame.
  ///
  /// - Returns: how many were dropped for it.
  mutating func park(_ frame: Frame, at now: NIODeadline) -> Int {
    var dropped = dropOld(at: now)
    if frames.count >= maxCount {
      frames.removeFirst()
      dropped += 1
    }
    frames.append((now, frame))
    return dropped
  }

  /// Hands out what is young enough, in order.
  mutating func takeAll(at now: NIODeadline) -> (frames: [Frame], dropped: Int) {
    let dropped = dropOld(at: now)
    defer { frames = [] }
    return (frames.map(\.frame), dropped)
  }

  private mutating func dropOld(at now: NIODeadline) -> Int {
    var dropped = 0
    while let first = frames.first, now - first.since > maxAge {
      frames.removeFirst()
      dropped += 1
    }
    return dropped
  }
}
