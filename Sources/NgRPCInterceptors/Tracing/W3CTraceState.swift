/// What tracing systems have added to a trace context for themselves, the latest first: W3C "Trace Context", section 3.3.
public struct W3CTraceState: Sendable, Hashable {
  /// The most entries that may travel.
  static let maxEntries = 32
  /// Every system carries at least this many characters on; longer lists are cut.
  static let maxLength = 512
  /// When a list must be cut, entries longer than this go first.
  private static let longEntry = 128

  private struct Entry: Sendable, Hashable {
    var key: Substring
    var value: Substring
    var length: Int { key.utf8.count + 1 + value.utf8.count }
  }

  private var entries: [Entry] = []

  public init() {}

  /// Reads a `tracestate`; several of them are joined by commas before.
  ///
  /// - Returns: nil when an entry is malformed, when there are more than 32, or when a key is there twice: the whole list is
  ///   then dropped.
  public init?(parsing text: String) {
    for member in text.split(separator: ",", omittingEmptySubsequences: true) {
      let member = member.trimmingBlanks()
      // Empty members are allowed, and mean nothing.
      if member.isEmpty { continue }
      guard let equals = member.firstIndex(of: "=") else { return nil }
      let entry = Entry(key: member[..<equals], value: member[member.index(after: equals)...])
      guard Self.isKey(entry.key), Self.isValue(entry.value), entries.count < Self.maxEntries,
        !entries.contains(where: { $0.key == entry.key })
      else { return nil }
      entries.append(entry)
    }
  }

  public var isEmpty: Bool { entries.isEmpty }
  public var count: Int { entries.count }

  /// What the system `key` has added.
  public subscript(key: String) -> String? { entries.first { $0.key == key }.map { String($0.value) } }

  /// The list with an entry in front, in place of the one that the system had before.
  ///
  /// - Returns: nil when the key or the value is not valid.
  public func updating(_ key: String, to value: String) -> W3CTraceState? {
    guard Self.isKey(key[...]), Self.isValue(value[...]) else { return nil }
    var updated = self
    updated.entries.removeAll { $0.key == key }
    updated.entries.insert(Entry(key: key[...], value: value[...]), at: 0)
    if updated.entries.count > Self.maxEntries { updated.entries.removeLast() }
    return updated
  }

  /// As `tracestate` has it, at most 512 characters: when it is more, long entries go first, then the oldest.
  public var tracestate: String {
    var kept = entries
    while Self.length(kept) > Self.maxLength {
      kept.remove(at: kept.lastIndex { $0.length > Self.longEntry } ?? kept.count - 1)
    }
    return kept.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
  }

  private static func length(_ entries: [Entry]) -> Int {
    entries.reduce(max(0, entries.count - 1)) { $0 + $1.length }
  }

  /// `name` of at most 256 characters, or `tenant@system` of at most 241 and 14.
  private static func isKey(_ key: Substring) -> Bool {
    let parts = key.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
    switch parts.count {
    case 1: return isName(parts[0], maxLength: 256, mayBeginWithDigit: false)
    case 2:
      return isName(parts[0], maxLength: 241, mayBeginWithDigit: true)
        && isName(parts[1], maxLength: 14, mayBeginWithDigit: false)
    default: return false
    }
  }

  private static func isName(_ name: Substring.UTF8View, maxLength: Int, mayBeginWithDigit: Bool) -> Bool {
    guard let first = name.first, name.count <= maxLength else { return false }
    guard first.isLowerCaseLetter || (mayBeginWithDigit && first.isDigit) else { return false }
    return name.allSatisfy { $0.isLowerCaseLetter || $0.isDigit || "_-*/".utf8.contains($0) }
  }

  /// 1 to 256 visible characters and blanks, without `,` and `=`, not ending in a blank.
  private static func isValue(_ value: Substring) -> Bool {
    guard (1...256).contains(value.utf8.count), value.utf8.last != UInt8(ascii: " ") else { return false }
    return value.utf8.allSatisfy {
      (0x20...0x7e).contains($0) && $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "=")
    }
  }
}

extension UInt8 {
  fileprivate var isLowerCaseLetter: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) }
  fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
}

extension Substring {
  /// Without spaces and tabs at either end.
  fileprivate func trimmingBlanks() -> Substring {
    var rest = self
    while let first = rest.first, first == " " || first == "\t" { rest.removeFirst() }
    while let last = rest.last, last == " " || last == "\t" { rest.removeLast() }
    return rest
  }
}
