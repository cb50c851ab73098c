import SwiftProtobufPluginLibrary

extension EnumModel {
  /// - Parameter scope: what the Swift type is nested in.
  init(_ enumeration: EnumDescriptor, scope: String) {
    self.init(
      name: SwiftNames.type(enumeration.name),
      scope: scope,
      docs: enumeration.docs,
      values: enumeration.values.map { value in
        Value(
          name: SwiftNames.enumValue(value.name, in: enumeration.name),
          protoName: value.name,
          number: value.number,
          docs: value.docs)
      })
  }
}
