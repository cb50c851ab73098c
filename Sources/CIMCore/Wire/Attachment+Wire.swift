import CIMProtos

extension Attachment {
  /// What came from a peer.
  ///
  /// - Throws: `InvalidAttachment`, for the first field that is missing or not valid.
  package init(_ kind: Kind, _ wire: CimV1.Attachment) throws(InvalidAttachment) {
    let location: Location
    switch wire.location {
    case .url(let url): location = .url(url)
    case .key(let key): location = .key(key)
    case nil: throw InvalidAttachment("location", "is missing: set url or key")
    }
    let dimensions: Dimensions?
    switch (wire.width, wire.height) {
    case (nil, nil): dimensions = nil
    case (let width?, let height?): dimensions = Dimensions(width: width, height: height)
    case (let width?, nil):
      try Self.check(width, "width", of: kind)
      throw InvalidAttachment("height", "is missing: width and height come together")
    case (nil, let height?):
      try Self.check(height, "height", of: kind)
      throw InvalidAttachment("width", "is missing: width and height come together")
    }
    try self.init(
      kind, at: location, name: wire.name, mediaType: wire.mediaType, size: wire.sizeBytes,
      sha256: wire.sha256, dimensions: dimensions)
  }
}

extension CimV1.Attachment {
  package init(_ attachment: Attachment) {
    let location: Location =
      switch attachment.location {
      case .url(let url): .url(url)
      case .key(let key): .key(key)
      }
    self.init(
      location: location, name: attachment.name, mediaType: attachment.mediaType,
      sizeBytes: attachment.size, sha256: attachment.sha256, width: attachment.dimensions?.width,
      height: attachment.dimensions?.height)
  }
}
