import CIMProtos

extension CimV1.Content {
  /// How many bytes the fields have, those of properties included; without what the encoding adds.
  package var byteCount: Int {
    let kind = self.kind?.byteCount ?? 0
    return self.properties.reduce(kind) { $0 + $1.key.utf8.count + $1.value.utf8.count }
  }
}

extension CimV1.Content.Kind {
  /// How many bytes the fields have; without what the encoding adds.
  package var byteCount: Int {
    switch self {
    case .text(let text): text.utf8.count
    case .data(let data): data.count
    case .image(let attachment), .file(let attachment): attachment.byteCount
    case .membership: 0
    }
  }
}

extension CimV1.Attachment {
  /// How many bytes the texts and the hash have: what is not bounded by its type.
  package var byteCount: Int {
    let location =
      switch self.location {
      case .url(let text), .key(let text): text.utf8.count
      case nil: 0
      }
    return location + self.name.utf8.count + self.mediaType.utf8.count + self.sha256.count
  }
}
