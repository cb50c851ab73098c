/// Names a value that an interceptor hands to whoever comes after it: the interceptors within it, and the call's handler.
///
/// ```swift
/// enum Tenant: ContextKey { typealias Value = String }
/// context[Tenant.self] = "acme"
/// ```
public protocol ContextKey {
  associatedtype Value: Sendable
}

/// The values that interceptors have left for a call, by key.
///
/// A value type: what is set in one copy is not seen in another. Empty, it takes no memory beyond its own word.
public struct ContextValues: Sendable {
  private var storage: [ObjectIdentifier: any Sendable]?

  public init() {}

  /// The value under `key`; nil when nobody has set it, and setting nil removes it.
  public subscript<Key: ContextKey>(key: Key.Type) -> Key.Value? {
    get { storage?[ObjectIdentifier(key)] as? Key.Value }
    set {
      if let newValue {
        storage = storage ?? [:]
        storage?[ObjectIdentifier(key)] = newValue
      } else {
        storage?[ObjectIdentifier(key)] = nil
      }
    }
  }
}
