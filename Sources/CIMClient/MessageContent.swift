import CIMCore

/// What a message says.
public enum MessageContent: Hashable, Sendable {
  /// A text: 1 byte to the service's limit in UTF-8, 64 KiB by default.
  case text(String)

  /// Bytes that mean something to the applications only, such as a text that is encrypted from end to end: 1 byte to the limit
  /// for texts. By convention the message's property `media-type` says what they are.
  case data([UInt8])

  /// An image or another file, by reference: its bytes are in an object store of the operator's.
  case attachment(Attachment)
}

extension MessageContent: CustomStringConvertible {
  /// The content as a text for people: a text as it is, anything else as a line in brackets, such as
  /// `[image cat.png, 120 KiB, https://files.example.org/1]` or `[12 bytes of data]`. It is as the sender wrote it: a program that
  /// prints it must take care of control characters.
  public var description: String {
    switch self {
    case .text(let text): return text
    case .data(let data): return "[\(data.count == 1 ? "1 byte" : "\(data.count) bytes") of data]"
    case .attachment(let attachment):
      let place =
        switch attachment.location {
        case .url(let url): url
        case .key(let key): "key \(key)"
        }
      let size = Self.size(attachment.size)
      return "[\(attachment.kind.rawValue) \(attachment.name), \(size), \(place)]"
    }
  }

  /// A size in the largest binary unit of which there is one, with a decimal below ten.
  private static func size(_ bytes: UInt64) -> String {
    guard bytes >= 1024 else { return bytes == 1 ? "1 byte" : "\(bytes) bytes" }
    var (unit, name) = (1024 as UInt64, "KiB")
    for next in ["MiB", "GiB", "TiB", "PiB"] where bytes / unit >= 1024 { (unit, name) = (unit * 1024, next) }
    // Rounded to tenths; a size has fewer than 2⁵³ bytes.
    let tenths = (bytes * 10 + unit / 2) / unit
    return tenths >= 100 || tenths % 10 == 0
      ? "\((tenths + 5) / 10) \(name)" : "\(tenths / 10).\(tenths % 10) \(name)"
  }
}
