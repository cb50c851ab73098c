import CIMClient
import CIMCore

extension Transcript {
  /// Somebody has read what the user wrote; that it was delivered is not worth a line.
  func receipt(_ receipt: Receipt, _ me: Account?) -> String? {
    guard receipt.kind == .read else { return nil }
    let place =
      if case .direct = receipt.conversation { "what you wrote privately" } else {
        Self.place(receipt.conversation, me: me)
      }
    return self.notice("\(Self.name(receipt.reader)) has read \(place)")
  }

  func conversations(_ conversations: [ConversationSummary], isUnreadOnly: Bool, _ me: Account?) -> String {
    let lines = conversations.map { summary in
      let unread = summary.unread > 0 ? "\(summary.unread) unread" : ""
      return (left: unread, right: self.summary(summary, me))
    }
    let title = isUnreadOnly ? "conversations with something unread" : "your conversations"
    return (["\(title): \(lines.count)"] + (lines.isEmpty ? [] : [Self.table(lines)])).joined(separator: "\n")
  }

  private func summary(_ summary: ConversationSummary, _ me: Account?) -> String {
    let place = summary.peer.map { "with \(Self.name($0))" } ?? Self.place(summary.conversation, me: me)
    let last =
      switch summary.preview {
      case .message(let message)?: self.message(message, mark: "")
      case .membership(let entry)?: "\(self.clock.stamp(entry.loggedAt)) * \(self.membership(entry))"
      case nil: "\(self.clock.stamp(summary.lastLoggedAt))"
      }
    return "\(place): \(last)"
  }

  func readers(_ readers: [Reader], _ conversation: Conversation, _ me: Account?) -> String {
    let lines = readers.map { reader in
      let places = [
        reader.delivered.map { "got \($0.seq)" }, reader.read.map { "read \($0.seq)" },
      ].compactMap(\.self)
      return "  \(Self.name(reader.user)): \(places.isEmpty ? "nothing yet" : places.joined(separator: ", "))"
    }
    return (["how far others are in \(Self.place(conversation, me: me)): \(lines.count)"] + lines)
      .joined(separator: "\n")
  }
}
