import CIMCore

/// All that a client must know after a restart of its program.
public struct ClientRecord: Hashable, Sendable {
  /// The device; `nil` before the first use.
  public private(set) var device: DeviceID?

  /// What the ids of all this device's producers begin with: it knows its own messages by that. Empty before the first use.
  public private(set) var producerPrefix = ""

  /// Whose device it is; `nil` before the first login.
  public private(set) var account: Account?

  /// The last message received of each conversation.
  public private(set) var cursors: [Conversation: LogPosition] = [:]

  /// What was sent and is not answered yet, in the order in which it was sent.
  public private(set) var unsent: [UnsentMessage] = []

  /// Nothing is known.
  public init() {}

  /// Makes a record of the changes that led to it.
  public init(_ changes: some Sequence<ClientChange>) {
    for change in changes { self.apply(change) }
  }

  /// Notes a change. One of a message that is not there any more changes nothing.
  public mutating func apply(_ change: ClientChange) {
    switch change {
    case .device(let device, let prefix):
      self.device = device
      self.producerPrefix = prefix
    case .account(let account):
      self.account = account
    case .message(let message):
      self.cursors[message.conversation] = message.position
    case .membership(let entry):
      self.cursors[entry.conversation] = entry.position
    case .cursor(let conversation, let position):
      self.cursors[conversation] = position
    case .enqueued(let message):
      self.unsent.append(message)
    case .attempted(let ticket):
      self.update(ticket) { $0.isAttempted = true }
    case .renumbered(let ticket, let id):
      self.update(ticket) {
        $0.id = id
        $0.isAttempted = false
      }
    case .accepted(let ticket, let accepted):
      self.update(ticket) { $0.accepted = accepted }
    case .resolved(let ticket, _):
      // What is answered is mostly the oldest.
      if let index = self.unsent.firstIndex(where: { $0.ticket == ticket }) { self.unsent.remove(at: index) }
    }
  }

  private mutating func update(_ ticket: SendTicket, _ change: (inout UnsentMessage) -> Void) {
    guard let index = self.unsent.firstIndex(where: { $0.ticket == ticket }) else { return }
    change(&self.unsent[index])
  }

  /// The fewest changes that make this record of an empty one.
  public var changes: [ClientChange] {
    var changes: [ClientChange] = []
    if let device { changes.append(.device(device, producerPrefix: self.producerPrefix)) }
    if let account { changes.append(.account(account)) }
    changes += self.cursors.map { .cursor($0.key, $0.value) }
    return changes + self.unsent.map(ClientChange.enqueued)
  }
}
