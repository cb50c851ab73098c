import CIMCore
import CIMProtos

/// How far the user has read: what the service has told, and what it has not confirmed yet.
///
/// What the application says goes to the service a moment later, so that much of it shares one frame, and again over each new
/// connection until the service has told that it knows.
struct ReadMarks {
  /// How many places one frame has.
  private static let maxPerFrame = 1000

  private var told: [Conversation: LogPosition] = [:]
  private var wanted: [Conversation: LogPosition] = [:]
  private var unsent: Set<Conversation> = []

  /// Whether something is to be sent.
  var hasUnsent: Bool { !self.unsent.isEmpty }

  /// The application says how far the user has read.
  ///
  /// - Returns: false when that is known.
  mutating func mark(_ conversation: Conversation, upTo position: LogPosition) -> Bool {
    let known = max(self.told[conversation] ?? .beginning, self.wanted[conversation] ?? .beginning)
    guard position > known, position.seq > 0 else { return false }
    self.wanted[conversation] = position
    self.unsent.insert(conversation)
    return true
  }

  /// What is to be sent.
  mutating func takeUnsent() -> [CimV1.Read] {
    defer { self.unsent = [] }
    let cursors = self.unsent.compactMap { conversation in
      self.wanted[conversation].map { CimV1.Cursor(conversation, $0) }
    }
    return stride(from: 0, to: cursors.count, by: Self.maxPerFrame).map {
      CimV1.Read(cursors: Array(cursors[$0..<min($0 + Self.maxPerFrame, cursors.count)]))
    }
  }

  /// What was sent and not confirmed goes again.
  mutating func connectionOpened() { self.unsent = Set(self.wanted.keys) }

  /// The service tells how far the user has read.
  ///
  /// - Returns: what is news, in the order in which it came.
  mutating func received(_ marks: CimV1.ReadMarks) -> [(conversation: Conversation, position: LogPosition)] {
    var news: [(conversation: Conversation, position: LogPosition)] = []
    for cursor in marks.cursors {
      guard let conversation = try? Conversation(cursor.conversation),
        let position = cursor.position.flatMap(LogPosition.init(nonzero:))
      else { continue }
      if let wanted = self.wanted[conversation], wanted <= position {
        self.wanted[conversation] = nil
        self.unsent.remove(conversation)
      }
      guard position > self.told[conversation] ?? .beginning else { continue }
      self.told[conversation] = position
      news.append((conversation, position))
    }
    return news
  }
}
