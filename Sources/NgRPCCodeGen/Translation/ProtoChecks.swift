import Foundation
import SwiftProtobuf
import SwiftProtobufPluginLibrary

/// Refuses what can't be generated, naming the place.
enum ProtoChecks {
  static func check(_ file: FileDescriptor, in plan: GenerationPlan) throws {
    guard file.edition == .proto3 else {
      throw GenerationError(
        "only syntax = \"proto3\" is supported, this is \(file.edition)",
        at: location(of: [12], in: file) ?? .init(file: file.name, line: 1))
    }
    guard !file.package.isEmpty else {
      throw GenerationError(
        "a package is missing: it names the Swift namespace, such as `package cim.v1;` → `CimV1`",
        at: .init(file: file.name, line: 1))
    }
    if let declared = file.extensions.first {
      throw GenerationError("extensions are not supported: \(declared.fullName)", at: declared.location)
    }
    for (index, dependency) in file.dependencies.enumerated()
    where plan.module(of: dependency.name) == nil {
      throw GenerationError(
        "it imports \(dependency.name), which belongs to no module of generate.json; add its directory to one",
        at: location(of: [3, index], in: file))
    }
    for message in file.messages { try check(message) }
  }

  private static func check(_ message: Descriptor) throws {
    if let declared = message.extensions.first {
      throw GenerationError("extensions are not supported: \(declared.fullName)", at: declared.location)
    }
    for field in message.fields where field.type == .group {
      throw GenerationError("groups are not supported: \(field.fullName)", at: field.location)
    }
    try refuseRecursion(from: message)
    for nested in message.messages { try check(nested) }
  }

  /// protobuf-c unpacks as deep as the bytes say, so that a few hostile ones could overflow the stack.
  private static func refuseRecursion(from start: Descriptor) throws {
    var visited: Set<String> = []
    func path(from message: Descriptor) -> [FieldDescriptor]? {
      for field in message.fields where field.type == .message {
        guard let target = field.messageType else { continue }
        if target.fullName == start.fullName { return [field] }
        guard visited.insert(target.fullName).inserted else { continue }
        if let rest = path(from: target) { return [field] + rest }
      }
      return nil
    }
    guard let circle = path(from: start) else { return }
    let names = circle.filter { !$0.containingType.options.mapEntry }.map(\.fullName)
    throw GenerationError(
      "the message \(start.fullName) contains itself (\(names.joined(separator: " → "))): recursive messages are "
        + "not supported, because unpacking them has no depth limit; use ids or a flat list",
      at: circle[0].location)
  }

  /// The line of what stands at a path of descriptor.proto's field numbers.
  private static func location(of path: [Int], in file: FileDescriptor) -> GenerationError.Location? {
    guard let span = file.sourceCodeInfoLocation(path: IndexPath(indexes: path))?.span, let line = span.first
    else { return nil }
    return .init(file: file.name, line: Int(line) + 1)
  }
}
