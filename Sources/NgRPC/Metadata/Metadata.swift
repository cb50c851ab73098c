/// What travels beside the messages of a call: keys and values, duplicates kept in their order.
///
/// Keys are lower-case `[0-9a-z_.-]`. Those that end in `-bin` hold bytes, all others text of visible ASCII, and spaces within.
/// Keys that begin with `grpc-` belong to gRPC. What breaks these rules is refused when the call is made or answered.
public struct Metadata: Sendable, Hashable {
  /// A value: text, or bytes under a key that ends in `-bin`.
  public enum Content: Sendable, Hashable {
    case string(String)
    case binary([UInt8])
  }

  @usableFromInline
  struct Entry: Sendable, Hashable {
    var key: String
    var value: Content
  }

  @usableFromInline
  var entries: [Entry] = []

  public init() {}

  /// Adds text under `key`; what is there under that key stays.
  public mutating func add(_ value: String, for key: String) {
    entries.append(Entry(key: key, value: .string(value)))
  }

  /// Adds bytes under `key`, which ends in `-bin`; what is there under that key stays.
  public mutating func add(binary value: [UInt8], for key: String) {
    entries.append(Entry(key: key, value: .binary(value)))
  }

  /// Removes all that is under `key`.
  public mutating func removeAll(for key: String) { entries.removeAll { $0.key == key } }

  /// The first text under `key`.
  public func string(for key: String) -> String? {
    for entry in entries where entry.key == key {
      if case .string(let value) = entry.value { return value }
    }
    return nil
  }

  /// All texts under `key`, in order.
  public func strings(for key: String) -> [String] {
    entries.compactMap { entry in
      if entry.key == key, case .string(let value) = entry.value { value } else { nil }
    }
  }

  /// The first bytes under `key`, which ends in `-bin`.
  public func binary(for key: String) -> [UInt8]? {
    for entry in entries where entry.key == key {
      if case .binary(let value) = entry.value { return value }
    }
    return nil
  }

  /// All bytes under `key`, which ends in `-bin`, in order.
  public func binaries(for key: String) -> [[UInt8]] {
    entries.compactMap { entry in
      if entry.key == key, case .binary(let value) = entry.value { value } else { nil }
    }
  }
}

extension Metadata: RandomAccessCollection {
  public var startIndex: Int { 0 }
  public var endIndex: Int { entries.count }
  public subscript(position: Int) -> (key: String, value: Content) {
    (entries[position].key, entries[position].value)
  }
}

extension Metadata: ExpressibleByDictionaryLiteral {
  public init(dictionaryLiteral elements: (String, String)...) {
    for (key, value) in elements { add(value, for: key) }
  }
}

extension Metadata {
  /// A serialized `google.rpc.Status`: the one key of gRPC's own that is not set by the runtime.
  package static let statusDetailsKey = "grpc-status-details-bin"

  /// Throws INTERNAL naming the first entry that may not travel.
  func validate() throws(RPCError) {
    for entry in entries {
      let key = entry.key
      guard !key.isEmpty, key.utf8.allSatisfy(Self.isKeyByte) else {
        throw RPCError(
          code: .internalError, message: "The metadata key \"\(key)\" must be made of [0-9a-z_.-] only.")
      }
      guard !key.hasPrefix("grpc-") || key == Self.statusDetailsKey || key == RetryState.Pushback.key else {
        throw RPCError(
          code: .internalError,
          message: "The metadata key \"\(key)\" begins with \"grpc-\", which belongs to gRPC.")
      }
      switch entry.value {
      case .binary:
        guard key.hasSuffix("-bin") else {
          throw RPCError(
            code: .internalError,
            message: "The metadata key \"\(key)\" holds bytes, so it must end in \"-bin\".")
        }
      case .string(let value):
        guard !key.hasSuffix("-bin") else {
          throw RPCError(
            code: .internalError,
            message: "The metadata key \"\(key)\" ends in \"-bin\", so it must hold bytes.")
        }
        guard value.utf8.allSatisfy({ (0x20...0x7e).contains($0) }) else {
          throw RPCError(
            code: .internalError,
            message:
              "The value of the metadata key \"\(key)\" must be visible ASCII; use a \"-bin\" key for bytes.")
        }
        // RFC 9113, section 8.2.1: such a field makes the whole request or response malformed.
        guard value.utf8.first != UInt8(ascii: " "), value.utf8.last != UInt8(ascii: " ") else {
          throw RPCError(
            code: .internalError,
            message:
              "The value of the metadata key \"\(key)\" begins or ends with a space, which HTTP/2 forbids; trim it."
          )
        }
      }
    }
  }

  private static func isKeyByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
    case UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"): true
    default: false
    }
  }
}
