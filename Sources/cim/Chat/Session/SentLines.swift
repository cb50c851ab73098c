import CIMClient
import CIMCore

/// What was typed and is not answered yet.
actor SentLines {
  /// What is still to come.
  private struct Missing: Hashable {
    /// Answers of the service.
    var answers = 0
    /// Replies of somebody who replies to each line. Below zero while a reply came before its line's answer.
    var replies = 0
  }

  private struct Unanswered {
    let line: SentLine
    let isReplied: Bool
  }

  private let client: ChatClient
  private var lines: [SendTicket: Unanswered] = [:]
  private let missing = Latest(Missing())

  private var hasResumed = false

  /// Whether the service refused any, or what was asked for did not work.
  private(set) var hasFailed = false

  init(_ client: ChatClient) {
    self.client = client
  }

  /// Notes what an earlier run has left unanswered: it is sent again by itself. Does nothing the second time.
  ///
  /// - Returns: how many lines it has noted.
  func resume(_ messages: [UnsentMessage]) -> Int {
    guard !self.hasResumed else { return 0 }
    self.hasResumed = true
    let unanswered = messages.filter { $0.accepted == nil }
    for message in unanswered {
      self.lines[message.ticket] = Unanswered(
        line: SentLine(text: message.text, number: nil), isReplied: false)
    }
    self.update { $0.answers += unanswered.count }
    return unanswered.count
  }

  /// Sends a line.
  ///
  /// - Parameter isReplied: Whether somebody replies to it.
  func post(_ line: SentLine, to destination: Destination, isReplied: Bool) {
    let ticket = self.client.post(line.text, to: destination)
    self.lines[ticket] = Unanswered(line: line, isReplied: isReplied)
    self.update { $0.answers += 1 }
  }

  /// A line that is not answered yet; `nil` when it is not one of these.
  func line(_ ticket: SendTicket) -> SentLine? { self.lines[ticket]?.line }

  /// The service took a line.
  func accepted(_ ticket: SendTicket) {
    guard let unanswered = self.lines.removeValue(forKey: ticket) else { return }
    self.update {
      $0.answers -= 1
      if unanswered.isReplied { $0.replies += 1 }
    }
  }

  /// The service did not take a line.
  ///
  /// - Returns: what it was.
  func refused(_ ticket: SendTicket) -> SentLine {
    self.hasFailed = true
    guard let unanswered = self.lines.removeValue(forKey: ticket) else {
      return SentLine(text: "", number: nil)
    }
    self.update { $0.answers -= 1 }
    return unanswered.line
  }

  /// A line could not be done.
  func failed() {
    self.hasFailed = true
  }

  /// Somebody replied to a line.
  func replied() {
    self.update { $0.replies -= 1 }
  }

  /// Waits until at most that many lines are without an answer.
  nonisolated func wait(untilUnanswered limit: Int) async {
    for await missing in self.missing.values() where missing.answers <= limit { return }
  }

  /// Waits until every line has its answer and its reply, but not forever.
  nonisolated func waitForAll(within limit: Duration) async {
    await withTaskGroup { group in
      group.addTask {
        for await missing in self.missing.values() where missing.answers == 0 && missing.replies <= 0 {
          return
        }
      }
      // Cancelled when everything came before.
      group.addTask { try? await Task.sleep(for: limit) }
      await group.next()
      group.cancelAll()
    }
  }

  private func update(_ change: (inout Missing) -> Void) {
    var missing = self.missing.value ?? Missing()
    change(&missing)
    self.missing.publish(missing)
  }
}
