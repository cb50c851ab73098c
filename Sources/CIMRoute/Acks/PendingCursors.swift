import CIMCore

/// How far devices have come that the store has not been told yet, the furthest of each conversation.
struct PendingCursors: Sendable {
  /// How many places are kept, at least 1.
  private let capacity: Int
  private var positions: [UserDevice: [Conversation: LogPosition]] = [:]
  private var count = 0

  init(capacity: Int) { self.capacity = capacity }

  /// Whether there is nothing to store.
  var isEmpty: Bool { positions.isEmpty }

  /// Adds news.
  ///
  /// - Returns: how many were dropped because there are too many: they come again with the device's next acknowledgement.
  mutating func add(_ advance: CursorAdvance) -> Int {
    var dropped = 0
    for (conversation, position) in advance.positions {
      if let known = positions[advance.device]?[conversation] {
        positions[advance.device]?[conversation] = max(known, position)
      } else if count < capacity {
        positions[advance.device, default: [:]][conversation] = position
        count += 1
      } else {
        dropped += 1
      }
    }
    return dropped
  }

  /// Takes out all.
  mutating func takeAll() -> [CursorAdvance] {
    defer {
      positions = [:]
      count = 0
    }
    return positions.map { CursorAdvance($0.key, to: $0.value) }
  }
}
