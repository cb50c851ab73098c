import CIMCore
import FoundationEssentials
import NgRPC

/// What stands in a server's or a route's node, as JSON. Keys that are not known are ignored, so that old and new
/// versions work together.
///
/// ```json
/// {"client":{"host":"10.0.0.7","port":9000},"draining":false,"incarnation":"9f86d081884c7d65",
///  "push":{"host":"10.0.0.7","port":9001},"version":"1.0.0"}
/// ```
struct NodeContent: Hashable, Codable {
  /// Where something is reached.
  struct Address: Hashable, Codable {
    var host: String
    var port: Int
  }

  /// Which registration this is.
  var incarnation: String

  /// Where clients connect.
  var client: Address

  /// Where routes connect: servers only.
  var push: Address?

  /// The version of the program.
  var version: String

  /// Whether the server is going away; absent means no.
  var draining: Bool?
}

extension NodeContent {
  /// What is to stand in the node of an entry.
  init(_ entry: RegistryEntry) {
    switch entry {
    case .server(let record):
      self.init(
        incarnation: record.instance.incarnation.rawValue, client: Address(record.clientEndpoint),
        push: Address(record.pushEndpoint), version: record.version, draining: record.isDraining)
    case .route(let record):
      self.init(
        incarnation: record.instance.incarnation.rawValue, client: Address(record.endpoint),
        version: record.version)
    }
  }

  /// Parses what stands in a node.
  ///
  /// - Throws: `DecodingError`.
  init(json: [UInt8]) throws {
    self = try JSONDecoder().decode(Self.self, from: Data(json))
  }

  /// The content as it stands in the node.
  var json: [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Texts, whole numbers and truth values: there is nothing in it that JSON can't say.
    return Array(try! encoder.encode(self))
  }
}

extension ServerRecord {
  /// Reads a server's node.
  ///
  /// - Throws: `InvalidIdentifier` or `DecodingError` when it is not what a server writes.
  init(node name: String, json: [UInt8]) throws {
    let content = try NodeContent(json: json)
    guard let push = content.push else {
      throw InvalidIdentifier("server's node", rule: "JSON with an address \"push\"")
    }
    self.init(
      instance: ServerInstance(id: try ServerID(name), incarnation: try Incarnation(content.incarnation)),
      clientEndpoint: Endpoint(content.client), pushEndpoint: Endpoint(push), version: content.version,
      isDraining: content.draining ?? false)
  }
}

extension NodeContent.Address {
  fileprivate init(_ endpoint: Endpoint) {
    self.init(host: endpoint.host, port: endpoint.port)
  }
}

extension Endpoint {
  fileprivate init(_ address: NodeContent.Address) {
    self.init(host: address.host, port: address.port)
  }
}
