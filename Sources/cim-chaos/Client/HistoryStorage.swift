import CIMChaos
import CIMClient
import CIMCore
import Synchronization

/// Keeps what a client must know in its history, and the history in what the client must know: a step is one line, so that a
/// message is on record exactly if the client will never ask for it again.
///
/// It is there for the death of processes; of the machine's death it knows nothing.
final class HistoryStorage: ClientStorage {
  let keepsMessages = true

  private let file: HistoryFile
  /// What was said under a ticket that has no last answer.
  private let texts = Mutex<[SendTicket: String]>([:])

  init(_ file: HistoryFile) {
    self.file = file
  }

  func load() throws -> ClientRecord {
    let record = ClientRecord(
      try self.file.memory().map { text in
        guard let change = ClientChange(text) else {
          throw RunError("a history has \"\(text)\", which is no change")
        }
        return change
      })
    self.texts.withLock { texts in
      texts = Dictionary(uniqueKeysWithValues: record.unsent.map { ($0.ticket, $0.text) })
    }
    return record
  }

  func save(_ changes: [ClientChange]) throws {
    try self.file.append(changes.compactMap(self.event), memory: changes.map(\.description))
  }

  func synchronize() {}

  func close() {}

  /// What a change says to the checker.
  private func event(_ change: ClientChange) -> HistoryEvent? {
    switch change {
    case .message(let message):
      return .shown(
        ShownMessage(
          conversation: message.conversation, position: message.position, sender: message.sender.id,
          text: message.text))
    case .membership(let entry):
      return .shown(
        ShownMessage(
          conversation: entry.conversation, position: entry.position, sender: entry.member.id, text: nil))
    case .enqueued(let message):
      self.texts.withLock { $0[message.ticket] = message.text }
      return .send(
        SentMessage(
          producer: "\(message.id.producer)", conversation: message.id.conversation,
          counter: message.id.counter, text: message.text))
    case .resolved(let ticket, let result):
      guard let text = self.texts.withLock({ $0.removeValue(forKey: ticket) }) else { return nil }
      switch result {
      case .success(let accepted):
        return .accepted(text: text, position: accepted.position, isDuplicate: accepted.isDuplicate)
      case .failure(let error):
        return .refused(text: text, isUncertain: error.code == .uncertain, reason: error.message)
      }
    case .accepted, .device, .account, .cursor, .attempted, .renumbered:
      return nil
    }
  }
}
