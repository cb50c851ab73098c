import CIMClient
import CIMCore
import Foundation
import NgRPC

extension Transcript {
  /// An answer that is a list.
  func listing(_ listing: Listing) -> String {
    switch listing {
    case .onlineUsers(let users, let prefix, let me):
      self.users(
        users, me,
        title: prefix.map { "online users whose names begin with \(Self.excerpt($0))" } ?? "online users")
    case .members(let users, let group, let me):
      self.users(users, me, title: "members of group \(group)")
    case .groups(let groups):
      (["your groups: \(groups.count)"] + groups.map { "  \($0)" }).joined(separator: "\n")
    case .group(let group, let me): self.group(group, me)
    case .history(let page, let conversation, let me): self.history(page, conversation, me)
    case .conversations(let conversations, let isUnreadOnly, let me):
      self.conversations(conversations, isUnreadOnly: isUnreadOnly, me)
    case .readers(let readers, let conversation, let me): self.readers(readers, conversation, me)
    case .blocked(let users, let me): self.users(users, me, title: "users whom you block")
    case .found(let lines, let keyword, let hasMore): self.found(lines, keyword, hasMore: hasMore)
    case .delayed(let texts, let me): self.delayed(texts, me)
    case .emoji(let page): self.emoji(page)
    case .commands(let commands): self.commands(commands)
    case .info(let info, let routes, let log): self.info(info, routes, log)
    }
  }

  private func users(_ users: [Account], _ me: Account?, title: String) -> String {
    let width = users.map { "\($0.id)".count }.max() ?? 0
    let lines = users.map { user in
      let id = "\(user.id)"
      let padding = String(repeating: " ", count: width - id.count)
      return "  \(padding)\(id)  \(Self.printable(user.name.rawValue))\(user == me ? " (you)" : "")"
    }
    return (["\(title): \(users.count)"] + lines).joined(separator: "\n")
  }

  private func group(_ group: ChatGroup, _ me: Account?) -> String {
    let owner = group.owner == me ? "you" : Self.name(group.owner)
    let lines = ["group \(group.id)", "  owner    \(owner)", "  members  \(group.memberCount)"]
    return (lines + (group.isMuted ? ["  you are muted: what you say in it is refused"] : []))
      .joined(separator: "\n")
  }

  private func history(_ page: HistoryPage, _ conversation: Conversation, _ me: Account?) -> String {
    let lines = page.entries.map { entry in
      switch entry {
      case .message(let message): "  \(self.message(message, mark: ""))"
      case .membership(let entry): "  \(self.clock.stamp(entry.loggedAt)) * \(self.membership(entry))"
      }
    }
    let end =
      page.older == nil
      ? self.notice("nothing older is kept for you")
      : self.notice("for what is older, give the same command again")
    return (["history of \(Self.place(conversation, me: me)): \(lines.count)"] + lines + [end])
      .joined(separator: "\n")
  }

  private func delayed(_ texts: [DelayedText], _ me: Account?) -> String {
    let lines = texts.map { text in
      let when =
        switch text.state {
        case .waiting: self.clock.stamp(text.due)
        case .sending: "being said"
        case .failed(let reason): "not said (\(Self.printable(reason)))"
        }
      let place = Self.place(text.conversation, me: me)
      return "  \(text.id)  \(when), in \(place): \(Self.printable(text.text))"
    }
    return (["what you say later: \(texts.count)"] + lines).joined(separator: "\n")
  }

  private func found(_ lines: [ChatLogLine], _ keyword: String, hasMore: Bool) -> String {
    let title =
      "lines of your chat log with \(Self.excerpt(keyword)): \(hasMore ? "the last " : "")\(lines.count)"
    let found = lines.map { line in
      "  \(line.date) \(line.time) \(self.highlight(keyword, in: Self.printable(line.text)))"
    }
    return ([title] + found).joined(separator: "\n")
  }

  /// The text with each occurrence of the keyword marked, in whichever case it is written.
  private func highlight(_ keyword: String, in text: String) -> String {
    guard self.colours else { return text }
    var result = ""
    var rest = text[...]
    while let range = rest.range(of: keyword, options: .caseInsensitive), !range.isEmpty {
      result += rest[..<range.lowerBound] + self.paint(.found, String(rest[range]))
      rest = rest[range.upperBound...]
    }
    return result + rest
  }

  /// Three columns, which fit in 80.
  private func emoji(_ page: Int) -> String {
    let cells = Array(Emoji.page(page))
    let rows = stride(from: 0, to: cells.count, by: 3).map { start in
      cells[start..<min(start + 3, cells.count)].map { alias, emoji in
        // An emoji takes two columns, however many characters it is.
        "  \(emoji) :\(alias):" + String(repeating: " ", count: max(0, 18 - alias.count))
      }
      .joined()
    }
    let next = page < Emoji.pageCount ? "; the next is :emoji \(page + 1)" : ""
    return (rows + [self.notice("page \(page) of \(Emoji.pageCount)\(next)")]).joined(separator: "\n")
  }

  /// The commands with what they do; all with the ways to say something, which take no command.
  func commands(_ commands: [LineCommand]) -> String {
    let plain = commands.count == LineCommand.all.count ? LineCommand.plainForms : []
    return Self.table(
      plain.map { (left: $0.usage, right: $0.summary) }
        + commands.map { (left: $0.usage, right: $0.summary) })
  }

  private func info(_ info: ChatClient.Info, _ routes: [Endpoint], _ log: String?) -> String {
    let state =
      switch info.state {
      case .ready(let server): "connected to server \(server)"
      case .reconnecting(let reason, _): "reconnecting: \(Self.printable(reason))"
      case .failed(let error): "failed: \(Self.printable(error.message))"
      case .closed: "closed"
      case .initialized, .connecting: "connecting"
      }
    return Self.table([
      ("you", Self.name(info.account)), ("device", info.device.map(\.description) ?? "none yet"),
      ("state", state), ("routes", routes.map(\.description).joined(separator: ", ")),
      ("pending", info.unanswered == 1 ? "1 line" : "\(info.unanswered) lines"),
      ("log", log.map(Self.printable) ?? "in memory, until you leave"),
    ])
  }
}
