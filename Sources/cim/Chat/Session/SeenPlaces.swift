import CIMCore
import Synchronization

/// How far each conversation has been shown: what the user can say to have read.
final class SeenPlaces: Sendable {
  private let places = Mutex<[Conversation: LogPosition]>([:])

  /// All of it, by conversation.
  var all: [Conversation: LogPosition] { self.places.withLock { $0 } }

  /// Something was shown.
  func note(_ position: LogPosition, in conversation: Conversation) {
    self.places.withLock { places in
      places[conversation] = max(position, places[conversation] ?? .beginning)
    }
  }
}
