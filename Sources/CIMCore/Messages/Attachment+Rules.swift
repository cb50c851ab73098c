extension Attachment {
  static let maxURLBytes = 2048
  static let maxKeyBytes = 1024
  static let maxNameBytes = 255
  static let maxMediaTypeBytes = 127
  static let hashBytes = 32
  static let maxPixels: UInt32 = 1_000_000
  /// What every language's numbers hold exactly, those of JavaScript too.
  static let maxSize: UInt64 = 1 << 53 - 1

  static func check(_ location: Location) throws(InvalidAttachment) {
    switch location {
    case .url(let url):
      try Self.checkLength(url, "url", limit: Self.maxURLBytes)
      guard Self.isAbsoluteURL(url) else {
        throw InvalidAttachment(
          "url",
          "is none that can be fetched: it must be an absolute http or https URL in printable ASCII, with a host and without user information"
        )
      }
    case .key(let key):
      try Self.checkLength(key, "key", limit: Self.maxKeyBytes)
      try Self.checkControls(key, "key")
    }
  }

  static func check(name: String) throws(InvalidAttachment) {
    try Self.checkLength(name, "name", limit: Self.maxNameBytes)
    try Self.checkControls(name, "name")
    // Whoever saves a file under its name must not leave the directory by it.
    guard name != ".", name != "..", !name.utf8.contains(UInt8(ascii: "/")),
      !name.utf8.contains(UInt8(ascii: "\\"))
    else {
      throw InvalidAttachment("name", "is a path: it must be a file's name without / and \\, and not . or ..")
    }
  }

  static func check(mediaType: String, of kind: Kind) throws(InvalidAttachment) {
    try Self.checkLength(mediaType, "media_type", limit: Self.maxMediaTypeBytes)
    let parts = mediaType.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy(Self.isRestrictedName) else {
      throw InvalidAttachment("media_type", "is no media type: it must be type/subtype, without parameters")
    }
    guard kind != .image || parts[0].elementsEqual("image".utf8, by: { $0 | 0x20 == $1 }) else {
      throw InvalidAttachment(
        "media_type", "is not that of an image: it must be image/…, or the content a file")
    }
  }

  static func check(_ pixels: UInt32, _ field: String, of kind: Kind) throws(InvalidAttachment) {
    guard kind == .image else { throw InvalidAttachment(field, "is set: only images have one") }
    guard (1...Self.maxPixels).contains(pixels) else {
      throw InvalidAttachment(field, "is \(pixels): it must be 1 to \(Self.maxPixels) pixels, or absent")
    }
  }

  private static func checkLength(
    _ text: String, _ field: String, limit: Int
  ) throws(InvalidAttachment) {
    let count = text.utf8.count
    guard count > 0 else { throw InvalidAttachment(field, "is empty: it must be 1 to \(limit) bytes") }
    guard count <= limit else {
      throw InvalidAttachment(field, "has \(count) bytes: it must be 1 to \(limit)")
    }
  }

  private static func checkControls(_ text: String, _ field: String) throws(InvalidAttachment) {
    guard text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
      throw InvalidAttachment(field, "has control characters: it must have none")
    }
  }

  /// The scheme and the authority of RFC 3986; the rest belongs to whoever serves it.
  private static func isAbsoluteURL(_ url: String) -> Bool {
    guard url.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { return false }
    let lowercased = url.lowercased()
    guard let scheme = ["https://", "http://"].first(where: lowercased.hasPrefix) else { return false }
    let authority = lowercased.dropFirst(scheme.count).prefix { !"/?#\\".contains($0) }
    return !authority.isEmpty && !authority.hasPrefix(":") && !authority.contains("@")
  }

  /// `restricted-name` of RFC 6838, section 4.2.
  private static func isRestrictedName(_ name: some Collection<UInt8>) -> Bool {
    guard let first = name.first, Self.isAlphanumeric(first) else { return false }
    return name.allSatisfy { Self.isAlphanumeric($0) || "!#$&-^_.+".utf8.contains($0) }
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"):
      true
    default: false
    }
  }
}
