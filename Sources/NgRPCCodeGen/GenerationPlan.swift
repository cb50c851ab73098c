import Foundation

/// What to generate from which .proto files: the content of a `generate.json`.
///
/// ```json
/// {
///   "output": "Generated",
///   "modules": [ { "name": "CIMProtos", "directories": ["cim/v1"] } ]
/// }
/// ```
/// The .proto files lie in the directories named, below the directory of the `generate.json`. Each module becomes a C
/// target `C<name>` and a Swift target `<name>` in the output directory, which is relative to the package.
public struct GenerationPlan: Codable, Hashable, Sendable {
  /// A pair of targets.
  public struct Module: Codable, Hashable, Sendable {
    /// The Swift target's name.
    public var name: String
    /// Directories of .proto files, below the plan's own.
    public var directories: [String]

    public init(name: String, directories: [String]) {
      self.name = name
      self.directories = directories
    }

    /// The C target's name.
    public var cName: String { "C\(name)" }
  }

  /// The directory that receives the targets, relative to the package.
  public var output: String
  /// The modules, each .proto file belonging to one.
  public var modules: [Module]

  public init(output: String, modules: [Module]) {
    self.output = output
    self.modules = modules
  }

  /// - Throws: ``GenerationError`` that says what is missing.
  public init(json: Data) throws {
    do {
      self = try JSONDecoder().decode(Self.self, from: json)
    } catch DecodingError.keyNotFound(let key, _) {
      throw GenerationError("\"\(key.stringValue)\" is missing")
    } catch DecodingError.typeMismatch(_, let context) {
      let path = context.codingPath.map(\.stringValue).joined(separator: ".")
      throw GenerationError("\"\(path)\" has the wrong type: \(context.debugDescription)")
    } catch {
      throw GenerationError("it is no JSON: \(error)")
    }
    if let twice = Dictionary(grouping: modules, by: \.name).first(where: { $1.count > 1 })?.key {
      throw GenerationError("module \"\(twice)\" is declared twice")
    }
  }

  /// The module that the .proto file belongs to.
  ///
  /// - Parameter file: its path below the plan's directory, such as `cim/v1/route.proto`.
  func module(of file: String) -> Module? {
    let directory = file.split(separator: "/").dropLast().joined(separator: "/")
    return modules.first { $0.directories.contains(directory) }
  }
}
