import SwiftProtobufPluginLibrary

/// The Swift types of declared messages and enums.
enum SwiftTypes {
  static func name(of message: Descriptor) -> String {
    "\(scope(of: message.containingType, in: message.file)).\(SwiftNames.type(message.name))"
  }

  static func name(of enumeration: EnumDescriptor) -> String {
    "\(scope(of: enumeration.containingType, in: enumeration.file)).\(SwiftNames.type(enumeration.name))"
  }

  private static func scope(of container: Descriptor?, in file: FileDescriptor) -> String {
    container.map(name(of:)) ?? SwiftNames.namespace(file.package)
  }
}
