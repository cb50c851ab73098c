/// A generated module: what the renderers write a C and a Swift target from.
struct ModuleModel: Hashable {
  /// The Swift target's name.
  var name: String
  /// The C target's name.
  var cName: String
  /// The proto packages, each a caseless enum that its types are nested in.
  var namespaces: [NamespaceModel]
  /// The files, in the order of their paths.
  var files: [FileModel]
}

/// A proto package in Swift.
struct NamespaceModel: Hashable {
  /// `CimV1`
  var name: String
  /// `cim.v1`
  var package: String
}

/// A .proto file in Swift.
struct FileModel: Hashable {
  /// Its path below the root, such as `cim/v1/route.proto`.
  var path: String
  /// The Swift namespace of its package.
  var namespace: String
  /// Other generated modules whose types it uses.
  var imports: [String]
  var enums: [EnumModel]
  var messages: [MessageModel]
  var services: [ServiceModel]
  var descriptor: FileDescriptorModel
}

/// What reflection tells of a .proto file.
struct FileDescriptorModel: Hashable {
  var path: String
  var imports: [String]
  var services: [String]
  var symbols: [String]
  /// The `FileDescriptorProto` without its comments.
  var serialized: [UInt8]
}
