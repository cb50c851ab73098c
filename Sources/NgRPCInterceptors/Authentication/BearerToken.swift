/// A token that says who its bearer is: RFC 6750.
public struct BearerToken: Sendable, Hashable {
  /// Travels as `authorization: Bearer …`.
  public var value: String
  /// From when on it is of no use; nil: never.
  public var expiry: ContinuousClock.Instant?

  public init(_ value: String, expiry: ContinuousClock.Instant? = nil) {
    self.value = value
    self.expiry = expiry
  }

  /// Whether `value` is of the characters that tokens are made of: RFC 6750, section 2.1, `b64token`.
  static func isValid(_ value: String) -> Bool {
    let body = value.utf8.reversed().drop { $0 == UInt8(ascii: "=") }
    return !body.isEmpty
      && body.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: "-._~+/".utf8.contains(byte)
        }
      }
  }
}
