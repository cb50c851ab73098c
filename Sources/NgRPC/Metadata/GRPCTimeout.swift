import NIOCore

/// The `grpc-timeout` header: one to eight digits and a unit, `H M S m u n`.
struct GRPCTimeout: Hashable {
  /// In nanoseconds, held to `Int64.max` (292 years).
  var nanoseconds: Int64

  private static let units: [(letter: UInt8, nanoseconds: Int64)] = [
    (UInt8(ascii: "n"), 1), (UInt8(ascii: "u"), 1_000), (UInt8(ascii: "m"), 1_000_000),
    (UInt8(ascii: "S"), 1_000_000_000), (UInt8(ascii: "M"), 60_000_000_000),
    (UInt8(ascii: "H"), 3_600_000_000_000),
  ]

  init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// Nil when the header is malformed.
  init?(parsing text: some Collection<UInt8>) {
    var digits = Array(text)
    guard let letter = digits.popLast(), let unit = Self.units.first(where: { $0.letter == letter }),
      (1...8).contains(digits.count)
    else { return nil }
    var number: Int64 = 0
    for digit in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
      number = number * 10 + Int64(digit - UInt8(ascii: "0"))
    }
    let (product, overflow) = number.multipliedReportingOverflow(by: unit.nanoseconds)
    nanoseconds = overflow ? .max : product
  }

  /// In the finest unit that fits eight digits, rounded up, so that a deadline is never shortened.
  var header: String {
    for unit in Self.units {
      let (quotient, remainder) = max(0, nanoseconds).quotientAndRemainder(dividingBy: unit.nanoseconds)
      let value = remainder > 0 ? quotient + 1 : quotient
      if value <= 99_999_999 { return "\(value)\(Character(UnicodeScalar(unit.letter)))" }
    }
    return "99999999H"
  }
}
