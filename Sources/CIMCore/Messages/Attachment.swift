/// A file that a message refers to: an image, or any other. Its bytes are elsewhere, in an object store that the service does
/// not know; who receives the message fetches them and compares the hash.
///
/// A value is valid: what it says keeps to the rules below, whoever wrote it.
public struct Attachment: Hashable, Sendable {
  /// How it is meant to be shown.
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    /// As a picture; its media type is `image/…`.
    case image
    /// By its name.
    case file
  }

  /// Where the bytes are.
  public enum Location: Hashable, Sendable {
    /// At an absolute `http` or `https` URL: 1 to 2048 printable ASCII characters, with a host and without user information.
    case url(String)
    /// Under a key in an object store that the applications share: 1 to 1024 bytes of UTF-8 without control characters.
    case key(String)
  }

  /// The size of an image.
  public struct Dimensions: Hashable, Sendable {
    /// In pixels, 1 to 1,000,000.
    public let width: UInt32
    /// In pixels, 1 to 1,000,000.
    public let height: UInt32

    /// Describes a size; whether it is valid is said where an attachment is made.
    public init(width: UInt32, height: UInt32) {
      self.width = width
      self.height = height
    }
  }

  /// How it is meant to be shown.
  public let kind: Kind

  /// Where the bytes are.
  public let location: Location

  /// Its name: 1 to 255 bytes of UTF-8 without control characters, `/` and `\`, and neither `.` nor `..`. Other characters can
  /// still mislead a reader, such as those that turn the direction of writing.
  public let name: String

  /// What the bytes are: `type/subtype` without parameters (RFC 6838), at most 127 bytes.
  public let mediaType: String

  /// How many bytes there are: 1 to 2⁵³ − 1.
  public let size: UInt64

  /// Their SHA-256: 32 bytes.
  public let sha256: [UInt8]

  /// The size of an image, if it is known; `nil` for a file.
  public let dimensions: Dimensions?

  /// Describes an attachment.
  ///
  /// - Throws: `InvalidAttachment`, which names the first field that is not valid, as the protocol calls it.
  public init(
    _ kind: Kind, at location: Location, name: String, mediaType: String, size: UInt64, sha256: [UInt8],
    dimensions: Dimensions? = nil
  ) throws(InvalidAttachment) {
    try Self.check(location)
    try Self.check(name: name)
    try Self.check(mediaType: mediaType, of: kind)
    guard size > 0 else {
      throw InvalidAttachment("size_bytes", "is 0 or missing: say how many bytes there are")
    }
    guard size <= Self.maxSize else {
      throw InvalidAttachment("size_bytes", "is \(size): it must be at most \(Self.maxSize)")
    }
    guard !sha256.isEmpty else {
      throw InvalidAttachment(
        "sha256", "is missing: it must be the 32 bytes of the SHA-256 of what is referred to")
    }
    guard sha256.count == Self.hashBytes else {
      throw InvalidAttachment(
        "sha256", "has \(sha256.count) bytes: it must be 32, the hash itself and not its digits")
    }
    if let dimensions {
      try Self.check(dimensions.width, "width", of: kind)
      try Self.check(dimensions.height, "height", of: kind)
    }
    self.kind = kind
    self.location = location
    self.name = name
    self.mediaType = mediaType
    self.size = size
    self.sha256 = sha256
    self.dimensions = dimensions
  }
}

/// A field of an attachment that is not valid.
///
/// It carries no copy of the field's text: that came from outside and can be of any length.
public struct InvalidAttachment: Error, Hashable, Sendable, CustomStringConvertible {
  /// The field, as `cim.v1.Attachment` calls it, such as `media_type`.
  public let field: String

  /// What is wrong with it and what it must be, such as `is missing: …`.
  public let problem: String

  /// Creates an error.
  public init(_ field: String, _ problem: String) {
    self.field = field
    self.problem = problem
  }

  public var description: String { "\(self.field) \(self.problem)" }
}
