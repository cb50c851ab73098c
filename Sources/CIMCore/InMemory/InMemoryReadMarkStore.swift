import Synchronization

/// Read marks that live and die with the process.
public final class InMemoryReadMarkStore: ReadMarkStore {
  typealias Marks = [UserID: [Conversation: LogPosition]]

  private let marks = Mutex<Marks>([:])

  /// Creates a store without marks.
  public init() {}

  public func advance(
    _ marks: [UserID: [Conversation: LogPosition]]
  ) async throws(StoreError) -> [MarkMove] {
    self.marks.withLock { stored in
      var moves: [MarkMove] = []
      for (user, places) in marks {
        for (conversation, position) in places {
          let previous = stored[user]?[conversation]
          guard previous.map({ $0 < position }) ?? true else { continue }
          stored[user, default: [:]][conversation] = position
          moves.append(MarkMove(of: user, in: conversation, from: previous, to: position))
        }
      }
      return moves
    }
  }

  public func marks(of users: [UserID]) async throws(StoreError) -> [UserID: [Conversation: LogPosition]] {
    self.marks.withLock { marks in users.reduce(into: [:]) { $0[$1] = marks[$1] } }
  }

  public func marks(
    of users: [UserID], in conversation: Conversation
  ) async throws(StoreError) -> [UserID: LogPosition] {
    self.marks.withLock { marks in users.reduce(into: [:]) { $0[$1] = marks[$1]?[conversation] } }
  }

  public func ping() async throws(StoreError) {}

  /// All marks as they are, to be put back.
  func copy() -> Marks { self.marks.withLock { $0 } }

  /// Puts marks in the place of all there are.
  func replace(with copy: Marks) { self.marks.withLock { $0 = copy } }
}
