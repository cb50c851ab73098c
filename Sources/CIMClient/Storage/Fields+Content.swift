import CIMCore

// A text is one field, as it was before there were other kinds. These begin with a mark that no field of a text can be, because an
// equals sign is escaped there; and no line with a mark can be taken for a text by a version that knows texts only, because
// what follows the mark are no properties.

extension FieldWriter {
  mutating func add(_ content: MessageContent) {
    switch content {
    case .text(let text): self.add(text)
    case .data(let data):
      self.add(mark: .data)
      self.add(Base64URL.encode(data))
    case .attachment(let attachment):
      self.add(mark: .attachment)
      self.add(attachment)
    }
  }

  private mutating func add(_ attachment: Attachment) {
    self.add(attachment.kind.rawValue)
    switch attachment.location {
    case .url(let url): self.add("url", url)
    case .key(let key): self.add("key", key)
    }
    self.add(
      attachment.name, attachment.mediaType, attachment.size, Base64URL.encode(attachment.sha256),
      attachment.dimensions?.width ?? 0, attachment.dimensions?.height ?? 0)
  }
}

extension FieldReader {
  mutating func content() -> MessageContent? {
    switch self.mark() {
    case .data: self.next().flatMap { Base64URL.decode($0) }.map(MessageContent.data)
    case .attachment: self.attachment().map(MessageContent.attachment)
    case nil: self.next().map(MessageContent.text)
    }
  }

  private mutating func attachment() -> Attachment? {
    guard let kind = self.next().flatMap(Attachment.Kind.init), let location = self.location(),
      let name = self.next(), let mediaType = self.next(), let size = self.number(),
      let sha256 = self.next().flatMap({ Base64URL.decode($0) }),
      let width = self.number().flatMap({ UInt32(exactly: $0) }),
      let height = self.number().flatMap({ UInt32(exactly: $0) })
    else { return nil }
    let dimensions = width == 0 && height == 0 ? nil : Attachment.Dimensions(width: width, height: height)
    return try? Attachment(
      kind, at: location, name: name, mediaType: mediaType, size: size, sha256: sha256,
      dimensions: dimensions)
  }

  private mutating func location() -> Attachment.Location? {
    switch self.next() {
    case "url": self.next().map(Attachment.Location.url)
    case "key": self.next().map(Attachment.Location.key)
    default: nil
    }
  }
}
