import CIMCore

extension ClientChange: LosslessStringConvertible {
  public var description: String {
    var fields = FieldWriter()
    switch self {
    case .device(let device, let prefix):
      fields.add("device", device, prefix)
    case .account(let account):
      fields.add("account")
      fields.add(account)
    case .message(let message):
      fields.add("message", message.conversation, message.position)
      fields.add(message.sender)
      fields.add(message.loggedAt.milliseconds)
      fields.add(message.content)
      fields.add(message.properties)
    case .membership(let entry):
      fields.add("membership", entry.conversation, entry.position)
      fields.add(entry.member)
      fields.add(entry.loggedAt.milliseconds, entry.change.rawValue)
      if entry.by != entry.member { fields.add(entry.by) }
    case .cursor(let conversation, let position):
      fields.add("cursor", conversation, position.map(\.description) ?? "-")
    case .enqueued(let message):
      fields.add("enqueued")
      fields.add(message)
    case .attempted(let ticket):
      fields.add("attempted", ticket)
    case .renumbered(let ticket, let id):
      fields.add("renumbered", ticket)
      fields.add(id)
    case .accepted(let ticket, let accepted):
      fields.add("accepted", ticket)
      fields.add(accepted)
    case .resolved(let ticket, .success(let accepted)):
      fields.add("resolved", ticket, "accepted")
      fields.add(accepted)
    case .resolved(let ticket, .failure(let error)):
      fields.add("resolved", ticket, "refused", error.code, error.message)
    }
    return fields.text
  }

  /// Parses what `description` gives; `nil` for anything else.
  public init?(_ description: String) {
    var fields = FieldReader(description)
    guard let change = Self(name: fields.next(), &fields), fields.isAtEnd else { return nil }
    self = change
  }

  private init?(name: String?, _ fields: inout FieldReader) {
    switch name {
    case "device":
      guard let device = fields.next().flatMap({ try? DeviceID($0) }), let prefix = fields.next() else {
        return nil
      }
      self = .device(device, producerPrefix: prefix)
    case "account":
      guard let account = fields.account() else { return nil }
      self = .account(account)
    case "message":
      guard let conversation = fields.conversation(), let position = fields.position(),
        let sender = fields.account(), let loggedAt = fields.timestamp(), let content = fields.content(),
        let properties = fields.properties()
      else { return nil }
      self = .message(
        ChatMessage(
          conversation: conversation, position: position, sender: sender, loggedAt: loggedAt,
          content: content,
          properties: properties))
    case "membership":
      guard let conversation = fields.conversation(), let position = fields.position(),
        let member = fields.account(), let loggedAt = fields.timestamp(),
        let change = fields.next().flatMap(MembershipEntry.Change.init)
      else { return nil }
      let actor = fields.isAtEnd ? member : fields.account()
      guard let actor else { return nil }
      self = .membership(
        MembershipEntry(
          conversation: conversation, position: position, member: member, change: change, by: actor,
          loggedAt: loggedAt))
    case "cursor":
      guard let conversation = fields.conversation(), let text = fields.next() else { return nil }
      let position = LogPosition(text)
      guard position != nil || text == "-" else { return nil }
      self = .cursor(conversation, position)
    default:
      self.init(sending: name, &fields)
    }
  }

  private init?(sending name: String?, _ fields: inout FieldReader) {
    if name == "enqueued" {
      guard let message = fields.unsentMessage() else { return nil }
      self = .enqueued(message)
      return
    }
    guard let ticket = fields.ticket() else { return nil }
    switch name {
    case "attempted":
      self = .attempted(ticket)
    case "renumbered":
      guard let id = fields.sendID() else { return nil }
      self = .renumbered(ticket, id)
    case "accepted":
      guard let accepted = fields.accepted() else { return nil }
      self = .accepted(ticket, accepted)
    case "resolved":
      switch fields.next() {
      case "accepted":
        guard let accepted = fields.accepted() else { return nil }
        self = .resolved(ticket, .success(accepted))
      case "refused":
        guard let code = fields.next().flatMap(SendError.Code.init), let message = fields.next() else {
          return nil
        }
        self = .resolved(ticket, .failure(SendError(code, message)))
      default:
        return nil
      }
    default:
      return nil
    }
  }
}
