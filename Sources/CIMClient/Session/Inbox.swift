import CIMCore
import CIMProtos
import DequeModule

/// What was received: how far each conversation is stored, what waits to be, and what the next of it is.
///
/// A conversation comes in the order of its log, so its cursor tells what is known: whatever is not after it comes again.
struct Inbox: Sendable {
  /// What was sent by the service and is not stored yet.
  enum Item: Sendable {
    case message(CimV1.Message)
    case reset(CimV1.Reset)
  }

  /// What an item turned out to be.
  enum Entry: Equatable {
    /// Known already.
    case double
    /// New, and nothing to show, of this client itself or of no known kind: it is to be stored only.
    case passed(ClientChange, isOwn: Bool)
    /// New: it is to be stored, then shown.
    case shown(ClientChange, ChatClient.Event)
    /// Without a place, or with one that means nothing: nothing can be done with it.
    case malformed
  }

  /// How far each conversation is stored.
  private(set) var cursors: [Conversation: LogPosition]
  /// Messages that name another one before them than the last one stored; none of these is to be expected.
  private(set) var gaps = 0
  /// Messages of this client itself.
  private(set) var own = 0
  /// What was known already.
  private(set) var doubles = 0
  /// What was of no known kind.
  private(set) var unknown = 0

  private var waiting: Deque<Item> = []
  private var unacknowledged: Set<Conversation> = []
  /// What was acknowledged over this connection, and may not have arrived.
  private var acknowledged: Set<Conversation> = []

  init(cursors: [Conversation: LogPosition] = [:]) {
    self.cursors = cursors
  }

  /// How many items wait.
  var count: Int { self.waiting.count }

  mutating func append(_ item: Item) { self.waiting.append(item) }

  /// Takes the next item.
  ///
  /// - Parameters:
  ///   - hasRoom: Whether something may be shown; if not, what is to be shown stays.
  ///   - isOwn: Whether this client sent a message itself.
  ///   - user: Whose client this is.
  /// - Returns: `nil` when nothing waits that may be taken.
  mutating func next(hasRoom: Bool, user: UserID?, isOwn: (CimV1.Message) -> Bool) -> Entry? {
    guard let item = self.waiting.first else { return nil }
    let entry =
      switch item {
      case .message(let message): self.entry(of: message, isOwn: isOwn(message))
      case .reset(let reset): self.entry(of: reset)
      }
    if case .shown = entry, !hasRoom { return nil }
    self.waiting.removeFirst()
    self.note(item, entry, user)
    return entry
  }

  private func entry(of message: CimV1.Message, isOwn: Bool) -> Entry {
    guard let conversation = try? Conversation(message.conversation),
      let position = message.position.flatMap(LogPosition.init(nonzero:))
    else { return .malformed }
    if let cursor = self.cursors[conversation], position <= cursor { return .double }
    if isOwn { return .passed(.cursor(conversation, position), isOwn: true) }
    if let message = ChatMessage(message) { return .shown(.message(message), .message(message)) }
    if let entry = MembershipEntry(message) { return .shown(.membership(entry), .membership(entry)) }
    return .passed(.cursor(conversation, position), isOwn: false)
  }

  /// The cursor moves to the end of what is missing: back, too, when the log has lost the place where it was.
  private func entry(of reset: CimV1.Reset) -> Entry {
    guard let conversation = try? Conversation(reset.conversation) else { return .malformed }
    let after = reset.after.flatMap(LogPosition.init(nonzero:))
    let until = reset.until.flatMap(LogPosition.init(nonzero:))
    let cursor = self.cursors[conversation]
    // Another place than this client's: it was told before.
    guard after == cursor || until.map({ $0 > cursor ?? LogPosition(epoch: 0, seq: 0) }) ?? false else {
      return .double
    }
    return .shown(
      .cursor(conversation, until),
      .reset(conversation, after: cursor, until: until, next: reset.next.flatMap(LogPosition.init(nonzero:))))
  }

  private mutating func note(_ item: Item, _ entry: Entry, _ user: UserID?) {
    switch entry {
    case .malformed:
      self.unknown += 1
    case .double:
      self.doubles += 1
      // Acknowledged again: the earlier acknowledgement may be what was lost.
      if case .message(let message) = item, let conversation = try? Conversation(message.conversation) {
        self.unacknowledged.insert(conversation)
      }
    case .passed(let change, let isOwn):
      if isOwn { self.own += 1 } else { self.unknown += 1 }
      self.move(by: change, item, user)
    case .shown(let change, _):
      self.move(by: change, item, user)
    }
  }

  private mutating func move(by change: ClientChange, _ item: Item, _ user: UserID?) {
    guard let (conversation, position) = change.place else { return }
    if case .message(let message) = item, let cursor = self.cursors[conversation],
      message.previous.flatMap(LogPosition.init(nonzero:)) != cursor, !change.isJoining(of: user)
    {
      self.gaps += 1
    }
    self.cursors[conversation] = position
    self.unacknowledged.insert(conversation)
  }

  // MARK: Acknowledgements

  /// Whether something is stored that was not acknowledged yet.
  var hasUnacknowledged: Bool { !self.unacknowledged.isEmpty }

  /// How far the conversations with news are stored; they count as acknowledged then.
  mutating func takeUnacknowledged() -> [Conversation: LogPosition] {
    defer { self.unacknowledged.removeAll() }
    self.acknowledged.formUnion(self.unacknowledged)
    return self.cursors.filter { self.unacknowledged.contains($0.key) }
  }

  /// The connection is gone, and with it perhaps what was acknowledged over it.
  mutating func connectionLost() {
    self.unacknowledged.formUnion(self.acknowledged)
    self.acknowledged.removeAll()
  }
}

extension ClientChange {
  /// How far a conversation was received by it.
  fileprivate var place: (Conversation, LogPosition?)? {
    switch self {
    case .message(let message): (message.conversation, message.position)
    case .membership(let entry): (entry.conversation, entry.position)
    case .cursor(let conversation, let position): (conversation, position)
    default: nil
    }
  }
}

extension ClientChange {
  /// Whether a user becomes a member: what stands before it in the group's log is not for that user, since it left.
  fileprivate func isJoining(of user: UserID?) -> Bool {
    guard case .membership(let entry) = self else { return false }
    return entry.change == .joined && entry.member.id == user
  }
}
