/// What kind of device it is, such as "desktop", "mobile" or "web": chosen by the client. Under a policy of one device per
/// kind, a user's devices of one kind replace each other.
public struct DeviceKind: Hashable, Sendable, CustomStringConvertible {
  /// The longest kind, in bytes.
  private static let maxBytes = 32

  /// 0 to 32 bytes of `[0-9a-z-]`.
  public let rawValue: String

  /// Of devices that do not say what they are: a kind of its own.
  public static let unnamed = Self(checked: "")

  /// Creates a kind.
  ///
  /// - Throws: `InvalidIdentifier` unless `text` is 0 to 32 bytes of `[0-9a-z-]`.
  public init(_ text: String) throws(InvalidIdentifier) {
    let isAllowed = text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"):
        true
      default: false
      }
    }
    guard isAllowed, text.utf8.count <= Self.maxBytes else {
      throw InvalidIdentifier("device kind", rule: "0 to \(Self.maxBytes) bytes of [0-9a-z-]")
    }
    self.init(checked: text)
  }

  private init(checked text: String) { rawValue = text }

  public var description: String { rawValue }
}
