import CIMCore

/// Writes values as fields of a line, separated by single spaces.
struct FieldWriter {
  private(set) var text = ""
  private var isEmpty = true

  mutating func add(_ fields: any CustomStringConvertible...) {
    for field in fields { self.append(Self.escaped(field.description)) }
  }

  mutating func add(_ account: Account) { self.add(account.id, account.name) }

  mutating func add(_ id: SendID) { self.add(id.producer, id.conversation, id.counter) }

  mutating func add(_ accepted: Accepted) {
    self.add(
      accepted.conversation, accepted.position, accepted.loggedAt.milliseconds, accepted.reached.rawValue,
      accepted.isDuplicate)
  }

  mutating func add(_ message: UnsentMessage) {
    self.add(message.ticket)
    self.add(message.id)
    self.add(message.level.rawValue, message.isAttempted, message.accepted != nil)
    if let accepted = message.accepted { self.add(accepted) }
    self.add(message.content)
    self.add(message.properties)
  }

  /// `key=value` for each; they are the line's last fields.
  mutating func add(_ properties: [String: String]) {
    for (key, value) in properties.sorted(by: { $0.key < $1.key }) {
      self.append("\(Self.escaped(key))=\(Self.escaped(value))")
    }
  }

  /// Says what the next fields are: a field that is no text's, because of its equals sign.
  mutating func add(mark: FieldMark) { self.append(mark.rawValue) }

  private mutating func append(_ field: String) {
    if !self.isEmpty { self.text += " " }
    self.isEmpty = false
    self.text += field
  }

  private static func escaped(_ text: String) -> String {
    guard text.utf8.contains(where: Self.isEscaped) else { return text }
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      if Self.isEscaped(byte) {
        bytes += [UInt8(ascii: "%"), Self.digits[Int(byte >> 4)], Self.digits[Int(byte & 15)]]
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static let digits = Array("0123456789ABCDEF".utf8)

  private static func isEscaped(_ byte: UInt8) -> Bool {
    byte <= 0x20 || byte == 0x7F || byte == UInt8(ascii: "%") || byte == UInt8(ascii: "=")
  }
}

/// What the fields behind it are.
enum FieldMark: String, CaseIterable {
  case data = "data="
  case attachment = "attachment="
}

/// Reads the fields of a line, one after the other; `nil` when there is none, or not such a one.
struct FieldReader {
  private var fields: ArraySlice<Substring>

  init(_ line: String) {
    // By bytes: a space and an accent that begins the next field are one character.
    self.fields =
      line.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
      .map { Substring($0) }[...]
  }

  var isAtEnd: Bool { self.fields.isEmpty }

  /// Takes the next field when it is a mark.
  mutating func mark() -> FieldMark? {
    guard let field = self.fields.first,
      let mark = FieldMark.allCases.first(where: { field.utf8.elementsEqual($0.rawValue.utf8) })
    else { return nil }
    self.fields.removeFirst()
    return mark
  }

  mutating func next() -> String? { self.fields.popFirst().flatMap(Self.unescaped) }

  mutating func number() -> UInt64? { self.next().flatMap { UInt64($0) } }

  mutating func flag() -> Bool? { self.next().flatMap { Bool($0) } }

  mutating func conversation() -> Conversation? { self.next().flatMap { try? Conversation($0) } }

  mutating func position() -> LogPosition? { self.next().flatMap { LogPosition($0) } }

  mutating func timestamp() -> Timestamp? { self.number().map(Timestamp.init(milliseconds:)) }

  mutating func ticket() -> SendTicket? { self.next().flatMap { SendTicket($0) } }

  mutating func level() -> AckLevel? { self.next().flatMap(AckLevel.init) }

  mutating func account() -> Account? {
    guard let id = self.next().flatMap({ UserID($0) }), let name = self.next().flatMap({ try? UserName($0) })
    else {
      return nil
    }
    return Account(id: id, name: name)
  }

  mutating func sendID() -> SendID? {
    guard let producer = self.next().flatMap({ try? ProducerID($0) }), let conversation = self.conversation(),
      let counter = self.number()
    else { return nil }
    return SendID(producer: producer, conversation: conversation, counter: counter)
  }

  mutating func accepted() -> Accepted? {
    guard let conversation = self.conversation(), let position = self.position(),
      let loggedAt = self.timestamp(),
      let reached = self.level(), let isDuplicate = self.flag()
    else { return nil }
    return Accepted(
      conversation: conversation, position: position, loggedAt: loggedAt, isDuplicate: isDuplicate,
      reached: reached)
  }

  mutating func unsentMessage() -> UnsentMessage? {
    guard let ticket = self.ticket(), let id = self.sendID(), let level = self.level(),
      let isAttempted = self.flag(), let isAccepted = self.flag()
    else { return nil }
    let accepted = isAccepted ? self.accepted() : nil
    guard (accepted != nil) == isAccepted, let content = self.content(), let properties = self.properties()
    else {
      return nil
    }
    return UnsentMessage(
      ticket: ticket, id: id, content: content, properties: properties, level: level,
      isAttempted: isAttempted,
      accepted: accepted)
  }

  /// All that are left, each `key=value`.
  mutating func properties() -> [String: String]? {
    var properties: [String: String] = [:]
    while let field = self.fields.popFirst() {
      let parts = field.utf8.split(separator: UInt8(ascii: "="), omittingEmptySubsequences: false)
        .map { Substring($0) }
      guard parts.count == 2, let key = Self.unescaped(parts[0]), let value = Self.unescaped(parts[1]) else {
        return nil
      }
      properties[key] = value
    }
    return properties
  }

  private static func unescaped(_ field: Substring) -> String? {
    guard field.utf8.contains(UInt8(ascii: "%")) else { return String(field) }
    var bytes: [UInt8] = []
    var rest = field.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let high = rest.popFirst().flatMap(Self.digit), let low = rest.popFirst().flatMap(Self.digit)
      else {
        return nil
      }
      bytes.append(high << 4 | low)
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
