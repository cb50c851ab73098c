import CIMProtos

/// How sure of a message its sender wants to be.
public enum AckLevel: String, Hashable, Sendable, Comparable, CaseIterable {
  /// It is in its conversation's log. What that survives depends on how the service's store writes to its disk.
  case logged

  /// As many replicas of the store have it as the service is configured to wait for.
  case replicated

  /// A device of its receiver has stored it. For private messages only.
  case delivered

  public static func < (lhs: Self, rhs: Self) -> Bool { lhs.wire.rawValue < rhs.wire.rawValue }

  init(_ level: CimV1.AckLevel) {
    self =
      switch level {
      case .replicated: .replicated
      case .delivered: .delivered
      default: .logged
      }
  }

  var wire: CimV1.AckLevel {
    switch self {
    case .logged: .logged
    case .replicated: .replicated
    case .delivered: .delivered
    }
  }
}
