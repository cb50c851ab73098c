import CIMProtos
import NIOCore

/// What a session's feeds want done.
struct FeedOutput: Sendable {
  /// What the client gets, in this order.
  enum Frame: Sendable {
    case entry(FramedEntry)
    case reset(CimV1.Reset)
  }

  /// For the client.
  var frames: [Frame] = []
  /// Feeds to be looked at, and when.
  var looks: [(conversation: String, at: NIODeadline)] = []
  /// Groups of which the user has become a member.
  var joined: [String] = []
  /// Groups of which the user is a member no more.
  var left: [String] = []
  /// Whether a route has to be asked where the client stands.
  var needsSync = false
  /// How many entries came that had been passed on before.
  var doubles = 0
  /// How many holes were filled from the log.
  var holesFilled = 0
  /// How many pages came for a client that had been away.
  var catchUps = 0

  /// Forgets it all and keeps the memory.
  mutating func removeAll() {
    frames.removeAll(keepingCapacity: true)
    looks.removeAll(keepingCapacity: true)
    joined.removeAll(keepingCapacity: true)
    left.removeAll(keepingCapacity: true)
    needsSync = false
    doubles = 0
    holesFilled = 0
    catchUps = 0
  }
}
