import CIMCore
import CIMProtos

/// How far conversations reach of which a server was not sent everything: one place each, however many messages it stands
/// for. Past a bound it is only known that there is more.
struct PendingTails: Sendable {
  private struct Entry {
    var position: LogPosition
    /// Whether the conversation's members on the server are concerned.
    var isForMembers = false
    /// Sessions that are concerned by name.
    var sessions: Set<CimV1.SessionRef> = []

    /// How much it counts.
    var weight: Int { 1 + sessions.count }
  }

  /// How many conversations and sessions are kept, at least 1.
  private let capacity: Int
  private var entries: [String: Entry] = [:]
  /// How many conversations and sessions are kept.
  private(set) var weight = 0
  private var isOverfull = false

  init(capacity: Int) { self.capacity = capacity }

  /// Something was not sent.
  mutating func add(_ tail: CimV1.Tail) {
    let position = tail.position.map(LogPosition.init) ?? LogPosition(epoch: 0, seq: 0)
    let isKnown = entries[tail.conversation] != nil
    guard isKnown || weight + 1 + tail.sessions.count <= capacity else {
      isOverfull = true
      return
    }
    var entry = entries[tail.conversation] ?? Entry(position: position)
    if isKnown { weight -= entry.weight }
    entry.position = max(entry.position, position)
    if tail.sessions.isEmpty { entry.isForMembers = true }
    for session in tail.sessions {
      guard weight + entry.weight < capacity || entry.sessions.contains(session) else {
        isOverfull = true
        break
      }
      entry.sessions.insert(session)
    }
    weight += entry.weight
    entries[tail.conversation] = entry
  }

  /// Takes out all.
  ///
  /// - Parameters:
  ///   - limit: at most that many tails are in a frame; at least 2.
  ///   - isInterested: whether the server has members of a conversation; others of them need not be told.
  mutating func takeAll(perFrame limit: Int, isInterested: (String) -> Bool) -> [CimV1.Tails] {
    var frames: [CimV1.Tails] = []
    var frame = CimV1.Tails(all: isOverfull)
    for (conversation, entry) in entries {
      let position = CimV1.LogPosition(entry.position)
      if entry.isForMembers, isInterested(conversation) {
        frame.tails.append(CimV1.Tail(conversation: conversation, position: position))
      }
      if !entry.sessions.isEmpty {
        frame.tails.append(
          CimV1.Tail(conversation: conversation, position: position, sessions: Array(entry.sessions)))
      }
      guard frame.tails.count > limit - 2 else { continue }
      frames.append(frame)
      frame = CimV1.Tails()
    }
    if !frame.tails.isEmpty || frame.all { frames.append(frame) }
    self = PendingTails(capacity: capacity)
    return frames
  }
}
