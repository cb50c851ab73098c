import CIMClient
import CIMCore
import NgRPC

/// What the chat prints, as text: stable, a line for a thing, and safe to send to a terminal whatever others wrote.
struct Transcript {
  /// Whether to mark names and notices by colour.
  let colours: Bool

  // MARK: What people say

  /// A received message: `olu (1): hi`, with the conversation before it unless it is the lobby.
  func message(_ message: ChatMessage) -> String {
    let sender = self.paint(.name, "\(Self.printable(message.sender.name.rawValue)) (\(message.sender.id))")
    let place =
      switch message.conversation {
      case .lobby: ""
      case .direct: self.paint(.privately, "[private] ")
      case .group(let group): self.paint(.privately, "[\(group)] ")
      }
    return "\(place)\(sender): \(Self.printable(message.text))"
  }

  // MARK: What happens

  /// The state of the connection, when it is worth a line. `isFirst`: the client was never ready before.
  func state(_ state: ChatClient.State, account: Account?, isFirst: Bool) -> String? {
    switch state {
    case .connecting, .closed: nil
    case .ready(let server):
      isFirst
        ? self.notice("connected to server \(server) as \(Self.name(account))")
        : self.notice("back: connected to server \(server)")
    case .reconnecting(let reason, let delay):
      self.notice(
        "\(isFirst ? "not connected yet, trying again" : "reconnecting") in \(Self.seconds(delay)) s: "
          + Self.printable(reason))
    case .failed(let error): self.failure(Self.printable(error.message))
    }
  }

  /// The connection is another one, and nothing was lost by it.
  func moved(to server: ServerID) -> String { self.notice("moved to server \(server)") }

  /// Somebody joined or left a group.
  func membership(_ entry: MembershipEntry) -> String {
    let change =
      switch entry.change {
      case .joined: "joined"
      case .left: "left"
      }
    return self.notice("\(Self.name(entry.member)) \(change) \(Self.place(entry.conversation))")
  }

  /// Some messages can't be had any more.
  func reset(_ conversation: Conversation, after: LogPosition?, until: LogPosition?) -> String {
    let count: UInt64? =
      switch (after, until) {
      case (nil, let until?): until.seq
      case (let after?, let until?) where after.epoch == until.epoch && until.seq > after.seq:
        until.seq - after.seq
      default: nil
      }
    let messages = count.map { $0 == 1 ? "1 message" : "\($0) messages" } ?? "some messages"
    return self.notice(
      "\(messages) in \(Self.place(conversation)) can't be shown any more: they are too old, or too many")
  }

  /// Lines of last time go again.
  func resumed(_ count: Int) -> String {
    let lines = count == 1 ? "1 line of last time was" : "\(count) lines of last time were"
    return self.notice("\(lines) not answered: sent again")
  }

  /// A message was not accepted.
  func refused(_ text: String, _ error: SendError) -> String {
    switch error.code {
    case .closed, .unanswered:
      self.failure("no answer yet (\(Self.excerpt(text))): \(Self.printable(error.message))")
    default:
      self.failure("not sent (\(Self.excerpt(text))): \(Self.printable(error.message))")
    }
  }

  // MARK: Answers to commands

  /// Who is online.
  func onlineUsers(_ users: [Account], me: Account?) -> String {
    let width = users.map { "\($0.id)".count }.max() ?? 0
    let lines = users.map { user in
      let id = "\(user.id)"
      let padding = String(repeating: " ", count: width - id.count)
      return "  \(padding)\(id)  \(Self.printable(user.name.rawValue))\(user == me ? " (you)" : "")"
    }
    return (["online users: \(users.count)"] + lines).joined(separator: "\n")
  }

  /// Who and where the user is.
  func info(_ info: ChatClient.Info, routes: [Endpoint]) -> String {
    let state =
      switch info.state {
      case .ready(let server)?: "connected to server \(server)"
      case .reconnecting(let reason, _)?: "reconnecting: \(Self.printable(reason))"
      case .failed(let error)?: "failed: \(Self.printable(error.message))"
      case .closed?: "closed"
      case .connecting?, nil: "connecting"
      }
    return """
        you      \(Self.name(info.account))
        device   \(info.device.map(\.description) ?? "none yet")
        state    \(state)
        routes   \(routes.map(\.description).joined(separator: ", "))
        pending  \(info.unanswered)
      """
  }

  /// The commands.
  static let help = """
      text         to everybody
      id;;text     to the user with that id, privately
      :olu         who is online
      :info        who and where you are
      :all         this list
      :q!          leave
    """

  /// For a line without a text.
  var emptyLine: String { self.notice("nothing to send: type a text, or :all for the commands") }

  /// For a command that does not exist.
  func unknownCommand(_ command: String) -> String {
    self.notice("there is no command \(Self.printable(command)); these are the commands:") + "\n" + Self.help
  }

  /// For `id;;text` with a bad id.
  func malformedID(_ id: String) -> String {
    self.failure("not sent: \"\(Self.printable(id))\" is no user id; ids are numbers, and :olu lists them")
  }

  /// A line about the connection or the input.
  func notice(_ text: String) -> String { self.paint(.notice, "* \(text)") }

  /// A line about something that did not work.
  func failure(_ text: String) -> String { self.paint(.failure, "! \(text)") }
}

extension Transcript {
  private enum Paint: String {
    case name = "36"
    case privately = "35"
    case notice = "2"
    case failure = "31"
  }

  private func paint(_ paint: Paint, _ text: String) -> String {
    self.colours ? "\u{1B}[\(paint.rawValue)m\(text)\u{1B}[0m" : text
  }

  private static func name(_ account: Account?) -> String {
    account.map { "\(Self.printable($0.name.rawValue)) (\($0.id))" } ?? "nobody yet"
  }

  /// A conversation in words.
  private static func place(_ conversation: Conversation) -> String {
    switch conversation {
    case .lobby: "the lobby"
    case .direct(let pair): "the private conversation of \(pair.lower) and \(pair.higher)"
    case .group(let group): "group \(group)"
    }
  }

  private static func excerpt(_ text: String) -> String {
    let limit = 20
    let start = text.prefix(limit)
    return "\"\(Self.printable(String(start)))\(start.count < text.count ? "…" : "")\""
  }

  /// Seconds with one decimal, rounded up so that none is shown as 0.0.
  private static func seconds(_ duration: Duration) -> String {
    let tenths = Int64((duration / .milliseconds(100)).rounded(.up))
    return "\(tenths / 10).\(tenths % 10)"
  }
}
