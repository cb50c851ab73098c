import CIMClient
import CIMCore
import Synchronization

/// Appends what is said to the chat log. Chatting goes on when that fails.
final class ChatRecorder: Sendable {
  let log: any ChatLog

  private let clock: WallClock
  private let isFailing = Mutex(false)

  init(_ log: any ChatLog, clock: WallClock = .system) {
    self.log = log
    self.clock = clock
  }

  /// Appends a message.
  ///
  /// - Returns: why it could not be appended; `nil` also when the message before it could not either: that was told.
  func record(_ message: ChatMessage, me: Account?) -> String? {
    do {
      try self.log.append(Transcript(colours: false, clock: self.clock).logLine(message, me: me))
      self.isFailing.withLock { $0 = false }
      return nil
    } catch {
      let isNew = self.isFailing.withLock { isFailing in
        defer { isFailing = true }
        return !isFailing
      }
      return isNew ? "the chat log can't be written: \(error)" : nil
    }
  }
}
