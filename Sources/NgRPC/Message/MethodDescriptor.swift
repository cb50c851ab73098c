/// Names a method of a service.
public struct MethodDescriptor: Sendable, Hashable, CustomStringConvertible {
  /// Which sides of a call send more than one message.
  public enum Kind: Sendable, Hashable {
    case unary
    case clientStreaming
    case serverStreaming
    case bidirectional
  }

  /// The service's full name, such as `cim.v1.Route`.
  public let service: String
  /// The method's name, such as `Send`.
  public let method: String
  /// Which sides stream.
  public let kind: Kind
  /// The method's `:path` on the wire: `/service/method`.
  public let path: String

  public init(service: String, method: String, kind: Kind) {
    self.service = service
    self.method = method
    self.kind = kind
    self.path = "/\(service)/\(method)"
  }

  public var description: String { path }
}
