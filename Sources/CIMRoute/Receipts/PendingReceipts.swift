import CIMCore

/// What others have got and read that the senders have not been told yet: of each reader and conversation the furthest.
struct PendingReceipts: Sendable {
  /// What somebody has done.
  enum Kind: Hashable, Sendable {
    /// A device of the reader has stored it.
    case delivered
    /// The reader has read it.
    case read
  }

  /// Of whom, of what.
  struct Key: Hashable, Sendable {
    let conversation: Conversation
    let reader: UserID
    let kind: Kind
  }

  /// A way that a mark has gone.
  struct Stretch: Hashable, Sendable {
    /// Where it was.
    var after: LogPosition
    /// Where it is.
    var to: LogPosition
  }

  /// How many are kept, at least 1.
  private let capacity: Int
  private var stretches: [Key: Stretch] = [:]

  init(capacity: Int) { self.capacity = capacity }

  /// Whether there is nothing to tell.
  var isEmpty: Bool { stretches.isEmpty }

  /// Adds a move.
  ///
  /// - Returns: false when it was dropped because there are too many: a later one of the same reader says more.
  mutating func add(_ move: MarkMove, _ kind: Kind) -> Bool {
    let key = Key(conversation: move.conversation, reader: move.user, kind: kind)
    let previous = move.previous ?? .beginning
    if let known = stretches[key] {
      stretches[key] = Stretch(after: min(known.after, previous), to: max(known.to, move.position))
    } else if stretches.count < capacity {
      stretches[key] = Stretch(after: previous, to: move.position)
    } else {
      return false
    }
    return true
  }

  /// Takes out all.
  mutating func takeAll() -> [Key: Stretch] {
    defer { stretches = [:] }
    return stretches
  }
}
