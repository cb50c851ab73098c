/// Says which methods an interceptor applies to.
///
/// ```swift
/// authentication.applied(to: .all.except(.services(["grpc.health.v1.Health"])))
/// ```
public struct MethodFilter: Sendable {
  private let isIncluded: @Sendable (MethodDescriptor) -> Bool

  /// The methods for which `isIncluded` returns true.
  public init(where isIncluded: @escaping @Sendable (MethodDescriptor) -> Bool) {
    self.isIncluded = isIncluded
  }

  /// Every method.
  public static let all = MethodFilter { _ in true }

  /// The methods of some services.
  ///
  /// - Parameter names: full names, such as `grpc.health.v1.Health`.
  public static func services(_ names: Set<String>) -> MethodFilter {
    MethodFilter { names.contains($0.service) }
  }

  /// Some methods.
  public static func methods(_ methods: [MethodDescriptor]) -> MethodFilter {
    let paths = Set(methods.map(\.path))
    return MethodFilter { paths.contains($0.path) }
  }

  /// These methods without those of `other`.
  public func except(_ other: MethodFilter) -> MethodFilter {
    MethodFilter { includes($0) && !other.includes($0) }
  }

  /// Whether `method` is among them.
  public func includes(_ method: MethodDescriptor) -> Bool { isIncluded(method) }
}
