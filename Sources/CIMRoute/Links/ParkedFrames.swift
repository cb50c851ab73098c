import CIMProtos
import DequeModule
import NIOCore
import NgRPC

/// What a server is told as it happens, in order.
enum LiveFrame: Sendable {
  /// A message; `conversation` is nil when it is for sessions that it names.
  case message(FramedMessage, conversation: String?)
  /// The end of a session.
  case kick(CimV1.KickSession)

  /// The conversation whose members it is for, if it is not for sessions that it names.
  var conversation: String? {
    if case .message(_, let conversation) = self { conversation } else { nil }
  }
}

/// Live frames for a server whose link is being made: kept for a short time, so that a link that is new or breaks for a
/// moment costs no message. What is too old or too much is dropped; messages stay in the log.
struct ParkedFrames: Sendable {
  private let maxCount: Int
  private let maxAge: TimeAmount
  private var frames: Deque<(since: NIODeadline, frame: LiveFrame)> = []

  init(maxCount: Int, maxAge: TimeAmount) {
    self.maxCount = maxCount
    self.maxAge = maxAge
  }

  /// Keeps a frame.
  ///
  /// - Returns: how many were dropped for it.
  mutating func park(_ frame: LiveFrame, at now: NIODeadline) -> Int {
    var dropped = dropOld(at: now)
    if frames.count >= maxCount {
      frames.removeFirst()
      dropped += 1
    }
    frames.append((now, frame))
    return dropped
  }

  /// Hands out what is young enough, in order.
  mutating func takeAll(at now: NIODeadline) -> (frames: [LiveFrame], dropped: Int) {
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
