import CIMClient
import CIMCore
import NgRPC

extension ChatOutput {
  /// The output as one line for scripts: an object whose `type` says what it is. `nil` for what is of the program and not of
  /// the chat.
  var json: JSONValue? {
    switch self {
    case .message(let message): ["type": "message"] + JSONValue(message)
    case .membership(let entry, _): ["type": "membership"] + JSONValue(entry)
    case .missed(let counts): Self.json(counts)
    case .state(let state, let account, _): Self.json(state, account)
    case .moved(let server, let away):
      ["type": "moved", "server": JSONValue(server), "away_ms": JSONValue(away)]
    case .reset(let conversation, let after, let until, let next, _):
      [
        "type": "reset", "conversation": JSONValue(conversation),
        "after": JSONValue(after) { JSONValue($0) }, "until": JSONValue(until) { JSONValue($0) },
        "next": JSONValue(next) { JSONValue($0) },
        "missing": JSONValue(LogPosition.count(after: after, until: until), JSONValue.number),
      ]
    case .held(let line):
      ["type": "held", "line": JSONValue(line.number) { JSONValue($0) }, "text": .string(line.text)]
    case .receipt(let receipt, _):
      [
        "type": "receipt", "kind": .string(receipt.kind == .read ? "read" : "delivered"),
        "conversation": JSONValue(receipt.conversation), "reader": JSONValue(receipt.reader),
        "position": JSONValue(receipt.position),
      ]
    case .read(let conversation, let position):
      ["type": "read", "conversation": JSONValue(conversation), "position": JSONValue(position)]
    case .accepted(let line, let accepted):
      [
        "type": "result", "line": JSONValue(line.number) { JSONValue($0) }, "text": .string(line.text),
        "ok": .bool(true),
        "conversation": JSONValue(accepted.conversation), "position": JSONValue(accepted.position),
        "time": .string(WallClock.text(accepted.loggedAt)),
      ]
    case .refused(let line, let error):
      [
        "type": "result", "line": JSONValue(line.number) { JSONValue($0) }, "text": .string(line.text),
        "ok": .bool(false),
        "code": JSONValue(error.code), "message": .string(error.message),
      ]
    case .resumed(let count): ["type": "resumed", "count": JSONValue(count)]
    case .done(let deed): Self.json(deed)
    case .listing(let listing): ["type": "listing"] + listing.json
    case .answer(let text): ["type": "answer", "text": .string(text)]
    case .empty, .log: JSONValue?.none
    case .mistake(let mistake, let line):
      Self.error(mistake.problem, line, usage: mistake.usage)
    case .unknown(let command, let line):
      Self.error("there is no command \(command)", line, usage: LineCommand.all.map(\.usage))
    case .failure(let message, let line): Self.error(message, line)
    }
  }

  private static func json(_ missed: [Conversation: Int]) -> JSONValue {
    [
      "type": "missed", "count": JSONValue(missed.values.reduce(0, +)),
      "conversations": .array(
        missed.sorted { $0.key.description < $1.key.description }
          .map { ["conversation": JSONValue($0.key), "count": JSONValue($0.value)] }),
    ]
  }

  private static func json(_ state: ChatClient.State, _ account: Account?) -> JSONValue {
    switch state {
    case .initialized: ["type": "state", "state": "initialized"]
    case .connecting: ["type": "state", "state": "connecting"]
    case .ready(let server):
      [
        "type": "state", "state": "ready", "server": JSONValue(server),
        "user": JSONValue(account) { JSONValue($0) },
      ]
    case .reconnecting(let reason, let delay):
      [
        "type": "state", "state": "reconnecting", "reason": .string(reason), "delay_ms": JSONValue(delay),
      ]
    case .closed: ["type": "state", "state": "closed"]
    case .failed(let error):
      [
        "type": "state", "state": "failed", "code": JSONValue(error.code), "message": .string(error.message),
      ]
    }
  }

  private static func json(_ deed: Deed) -> JSONValue {
    func group(_ deed: JSONValue, _ group: GroupID, _ changed: Bool) -> JSONValue {
      [
        "type": "done", "deed": deed, "conversation": JSONValue(Conversation.group(group)),
        "changed": .bool(changed),
      ]
    }
    func user(_ deed: JSONValue, _ id: UserID, _ changed: Bool) -> JSONValue {
      ["type": "done", "deed": deed, "user": .number(id.rawValue), "changed": .bool(changed)]
    }
    return switch deed {
    case .createdGroup(let id): group("created", id, true)
    case .joinedGroup(let id, let isNew): group("joined", id, isNew)
    case .leftGroup(let id, let isNew): group("left", id, isNew)
    case .markedRead(let conversations):
      [
        "type": "done", "deed": "read",
        "conversations": .array(conversations.map { JSONValue($0) }),
      ]
    case .blocked(let id, let isNew): user("blocked", id, isNew)
    case .unblocked(let id, let isNew): user("unblocked", id, isNew)
    case .removed(let user, let id, let isNew):
      group("removed", id, isNew) + ["user": .number(user.rawValue)]
    case .muted(let user, let id, let isNew): group("muted", id, isNew) + ["user": .number(user.rawValue)]
    case .unmuted(let user, let id, let isNew):
      group("unmuted", id, isNew) + ["user": .number(user.rawValue)]
    case .answersHere(let isOn): ["type": "done", "deed": "answering", "on": .bool(isOn)]
    case .delayed(let id, let due):
      [
        "type": "done", "deed": "delayed", "id": .string(id.rawValue), "due": .string(WallClock.text(due)),
      ]
    case .undelayed(let id, let inTime):
      ["type": "done", "deed": "undelayed", "id": .string(id.rawValue), "changed": .bool(inTime)]
    }
  }

  private static func error(_ message: String, _ line: Int?, usage: [String] = []) -> JSONValue {
    [
      "type": "error", "line": JSONValue(line) { JSONValue($0) }, "message": .string(message),
      "usage": .array(usage.map(JSONValue.string)),
    ]
  }
}

extension Listing {
  /// The members of the object that lists it: `list` says what, `items` has it.
  fileprivate var json: JSONValue {
    switch self {
    case .onlineUsers(let users, let prefix, _):
      [
        "list": "online", "prefix": JSONValue(prefix, JSONValue.string),
        "items": .array(users.map { JSONValue($0) }),
      ]
    case .members(let users, let group, _):
      [
        "list": "members", "conversation": JSONValue(Conversation.group(group)),
        "items": .array(users.map { JSONValue($0) }),
      ]
    case .groups(let groups):
      ["list": "groups", "items": .array(groups.map { JSONValue(Conversation.group($0)) })]
    case .group(let group, _):
      [
        "list": "group", "conversation": JSONValue(Conversation.group(group.id)),
        "owner": JSONValue(group.owner), "members": JSONValue(group.memberCount),
        "muted": .bool(group.isMuted),
      ]
    case .history(let page, let conversation, _):
      [
        "list": "history", "conversation": JSONValue(conversation), "more": .bool(page.older != nil),
        "items": .array(page.entries.map { JSONValue($0) }),
      ]
    case .conversations(let conversations, let isUnreadOnly, _):
      [
        "list": isUnreadOnly ? "unread" : "conversations",
        "items": .array(conversations.map { JSONValue($0) }),
      ]
    case .readers(let readers, let conversation, _):
      [
        "list": "readers", "conversation": JSONValue(conversation),
        "items": .array(readers.map { JSONValue($0) }),
      ]
    case .blocked(let users, _): ["list": "blocked", "items": .array(users.map { JSONValue($0) })]
    case .found(let lines, let keyword, let hasMore):
      [
        "list": "found", "keyword": .string(keyword), "more": .bool(hasMore),
        "items": .array(
          lines.map { ["date": .string($0.date), "time": .string($0.time), "text": .string($0.text)] }),
      ]
    case .delayed(let texts, _):
      ["list": "delayed", "items": .array(texts.map { JSONValue($0) })]
    case .emoji(let page):
      [
        "list": "emoji", "page": JSONValue(page), "pages": JSONValue(Emoji.pageCount),
        "items": .array(
          Emoji.page(page).map { ["alias": .string(":\($0.alias):"), "emoji": .string(String($0.emoji))] }),
      ]
    case .commands(let commands):
      [
        "list": "commands",
        "items": .array(
          commands.map {
            ["name": .string($0.name), "usage": .string($0.usage), "does": .string($0.summary)]
          }),
      ]
    case .info(let info, let routes, let log):
      [
        "list": "info", "user": JSONValue(info.account) { JSONValue($0) },
        "device": JSONValue(info.device) { JSONValue($0) },
        "server": JSONValue(info.server) { JSONValue($0) },
        "routes": .array(routes.map { JSONValue($0) }), "pending": JSONValue(info.unanswered),
        "log": JSONValue(log, JSONValue.string),
      ]
    }
  }
}

extension ChatClient.Info {
  /// The server that it is connected to.
  fileprivate var server: ServerID? { if case .ready(let server) = self.state { server } else { nil } }
}

extension JSONValue {
  fileprivate init(_ duration: Duration) {
    self.init(Int(max(0, duration / .milliseconds(1))))
  }

  fileprivate init(_ account: Account) {
    self = ["id": .number(account.id.rawValue), "name": .string(account.name.rawValue)]
  }

  fileprivate init(_ position: LogPosition) {
    self = ["epoch": .number(position.epoch), "seq": .number(position.seq)]
  }

  fileprivate init(_ message: ChatMessage) {
    self = [
      "conversation": JSONValue(message.conversation), "position": JSONValue(message.position),
      "time": .string(WallClock.text(message.loggedAt)), "sender": JSONValue(message.sender),
      "text": .string(message.text),
      "properties": .object(
        message.properties.sorted { $0.key < $1.key }.map { Member(name: $0.key, value: .string($0.value)) }),
    ]
  }

  fileprivate init(_ entry: MembershipEntry) {
    self = [
      "conversation": JSONValue(entry.conversation), "position": JSONValue(entry.position),
      "time": .string(WallClock.text(entry.loggedAt)), "member": JSONValue(entry.member),
      "by": JSONValue(entry.by),
      "change": .string(entry.change.rawValue),
    ]
  }

  fileprivate init(_ text: DelayedText) {
    let (state, reason): (String, String?) =
      switch text.state {
      case .waiting: ("waiting", nil)
      case .sending: ("sending", nil)
      case .failed(let reason): ("failed", reason)
      }
    self = [
      "id": .string(text.id.rawValue), "conversation": JSONValue(text.conversation),
      "due": .string(WallClock.text(text.due)), "text": .string(text.text), "state": .string(state),
      "reason": JSONValue(reason, JSONValue.string),
    ]
  }

  fileprivate init(_ summary: ConversationSummary) {
    self = [
      "conversation": JSONValue(summary.conversation), "peer": JSONValue(summary.peer) { JSONValue($0) },
      "last": JSONValue(summary.last), "time": .string(WallClock.text(summary.lastLoggedAt)),
      "read": JSONValue(summary.read) { JSONValue($0) }, "unread": .number(summary.unread),
      "preview": JSONValue(summary.preview) { JSONValue($0) },
    ]
  }

  fileprivate init(_ reader: Reader) {
    self = [
      "user": JSONValue(reader.user), "delivered": JSONValue(reader.delivered) { JSONValue($0) },
      "read": JSONValue(reader.read) { JSONValue($0) },
    ]
  }

  fileprivate init(_ entry: HistoryPage.Entry) {
    switch entry {
    case .message(let message): self = ["type": "message"] + JSONValue(message)
    case .membership(let entry): self = ["type": "membership"] + JSONValue(entry)
    }
  }
}
