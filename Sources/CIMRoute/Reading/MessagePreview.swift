import CIMCore
import CIMProtos
import NIOCore
import NgRPC

/// What a list of conversations shows of a message.
enum MessagePreview {
  /// The longest text, in bytes of UTF-8; conversation.proto states it.
  static let maxTextBytes = 256
  /// The longest content of another kind, in bytes; conversation.proto states it.
  static let maxContentBytes = 1024

  /// An entry as it is shown.
  ///
  /// - Throws: `MessageDecodingError` when the entry's content was written by something else than a route.
  static func of(_ entry: LogEntry) throws -> CimV1.Message {
    var content = try CimV1.Content(serialized: entry.content)
    content.properties = [:]
    if case .text(let text) = content.kind {
      content.kind = .text(prefix(of: text))
    } else {
      var buffer = ByteBuffer()
      try content.serialize(into: &buffer)
      if buffer.readableBytes > maxContentBytes { return CimV1.Message(entry, content: nil) }
    }
    return CimV1.Message(entry, content: content)
  }

  /// The beginning of a text, cut between two characters.
  static func prefix(of text: String) -> String {
    guard text.utf8.count > maxTextBytes else { return text }
    var prefix = ""
    for scalar in text.unicodeScalars {
      guard prefix.utf8.count + UTF8.width(scalar) <= maxTextBytes else { break }
      prefix.unicodeScalars.append(scalar)
    }
    return prefix
  }
}
