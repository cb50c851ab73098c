/// A service in Swift.
struct ServiceModel: Hashable {
  /// The Swift namespace's name, without what it is nested in.
  var name: String
  /// What it is nested in.
  var scope: String
  /// `cim.v1.Route`
  var protoName: String
  var docs: [String]
  var methods: [MethodModel]

  /// The Swift namespace's full name.
  var typeName: String { "\(scope).\(name)" }
}

/// A method of a service.
struct MethodModel: Hashable {
  /// The function's name, escaped where Swift asks for it.
  var name: String
  /// The name in the .proto file.
  var protoName: String
  var docs: [String]
  var kind: Kind
  /// The Swift types of the messages.
  var request: String
  var response: String

  enum Kind: String, Hashable {
    case unary
    case clientStreaming
    case serverStreaming
    case bidirectional
  }
}
