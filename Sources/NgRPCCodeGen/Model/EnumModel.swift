/// An enum in Swift: a struct around the number, so that numbers this version does not know are kept.
struct EnumModel: Hashable {
  /// The Swift type's name, without what it is nested in.
  var name: String
  /// What the Swift type is nested in.
  var scope: String
  var docs: [String]
  var values: [Value]

  struct Value: Hashable {
    /// The static property's name, escaped where Swift asks for it.
    var name: String
    /// The name in the .proto file.
    var protoName: String
    var number: Int32
    var docs: [String]
  }
}
