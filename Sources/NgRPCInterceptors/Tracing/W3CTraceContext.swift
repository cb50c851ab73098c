/// Where a call belongs in a distributed trace: W3C "Trace Context", the fields `traceparent` and `tracestate`.
///
/// ```swift
/// W3CTraceContext(traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
/// ```
public struct W3CTraceContext: Sendable, Hashable {
  /// Names a trace: 16 bytes, not all zero. Written as 32 lower-case hexadecimal digits.
  public struct TraceID: Sendable, Hashable, CustomStringConvertible {
    let high: UInt64
    let low: UInt64

    /// - Returns: nil for zero, which names no trace.
    public init?(high: UInt64, low: UInt64) {
      guard high | low != 0 else { return nil }
      self.high = high
      self.low = low
    }

    public static func random() -> TraceID {
      TraceID(high: .random(in: 0 ... .max), low: .random(in: 1 ... .max))!
    }

    public var description: String { high.hexadecimal + low.hexadecimal }
  }

  /// Names a span within a trace: 8 bytes, not all zero. Written as 16 lower-case hexadecimal digits.
  public struct SpanID: Sendable, Hashable, CustomStringConvertible {
    let value: UInt64

    /// - Returns: nil for zero, which names no span.
    public init?(_ value: UInt64) {
      guard value != 0 else { return nil }
      self.value = value
    }

    public static func random() -> SpanID { SpanID(.random(in: 1 ... .max))! }

    public var description: String { value.hexadecimal }
  }

  /// The trace.
  public var traceID: TraceID
  /// The span of whoever sends this.
  public var parentID: SpanID
  /// Whether whoever sends this may have recorded its span.
  public var isSampled: Bool
  /// Whether at least the right seven bytes of the trace's id are random: level 2 of the specification.
  public var isRandom: Bool
  /// What tracing systems have added for themselves.
  public var state: W3CTraceState

  public init(
    traceID: TraceID, parentID: SpanID, isSampled: Bool, isRandom: Bool = false,
    state: W3CTraceState = W3CTraceState()
  ) {
    self.traceID = traceID
    self.parentID = parentID
    self.isSampled = isSampled
    self.isRandom = isRandom
    self.state = state
  }

  /// Reads a `traceparent`, and a `tracestate` beside it.
  ///
  /// - Parameters:
  ///   - traceparent: version, trace, parent and flags. Of later versions what this one defines is taken, as section 3.2.4
  ///     asks.
  ///   - tracestate: ignored when it is not valid, as section 3.3.1.1 asks.
  /// - Returns: nil when `traceparent` is not valid; a new trace begins then.
  public init?(traceparent: String, tracestate: String? = nil) {
    let bytes = Array(traceparent.utf8)
    let dash = UInt8(ascii: "-")
    guard bytes.count >= 55, bytes[2] == dash, bytes[35] == dash, bytes[52] == dash,
      let version = UInt64(hexadecimal: bytes[0..<2]), version != 0xff,
      bytes.count == 55 || (version > 0 && bytes[55] == dash),
      let high = UInt64(hexadecimal: bytes[3..<19]), let low = UInt64(hexadecimal: bytes[19..<35]),
      let traceID = TraceID(high: high, low: low),
      let parentID = UInt64(hexadecimal: bytes[36..<52]).flatMap(SpanID.init),
      let flags = UInt64(hexadecimal: bytes[53..<55])
    else { return nil }
    self.init(
      traceID: traceID, parentID: parentID, isSampled: flags & 1 != 0, isRandom: flags & 2 != 0,
      state: tracestate.flatMap(W3CTraceState.init(parsing:)) ?? W3CTraceState())
  }

  /// As `traceparent` has it, in version 00.
  public var traceparent: String {
    "00-\(traceID)-\(parentID)-0\((isSampled ? 1 : 0) | (isRandom ? 2 : 0))"
  }

  /// The same trace as seen by those whom the span `id` calls.
  public func child(_ id: SpanID = .random()) -> W3CTraceContext {
    var child = self
    child.parentID = id
    return child
  }
}

extension UInt64 {
  /// 16 digits.
  fileprivate var hexadecimal: String {
    let digits = String(self, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// Digits in lower case only, at most 16.
  fileprivate init?(hexadecimal digits: ArraySlice<UInt8>) {
    var value: UInt64 = 0
    for digit in digits {
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt64(digit - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt64(digit - UInt8(ascii: "a") + 10)
      default: return nil
      }
    }
    self = value
  }
}
