import Foundation
import PackagePlugin

/// `swift package --allow-writing-to-package-directory generate-rpc [--check]`: writes the generated code of every
/// `Protos/generate.json` of the package, the tests' included.
@main
struct GenerateRPC: CommandPlugin {
  /// Where contracts may lie, below the package's directory.
  private static let plans = ["Protos/generate.json", "Tests/Protos/generate.json"]

  func performCommand(context: PluginContext, arguments: [String]) async throws {
    let package = context.package.directoryURL
    let plans = Self.plans.filter {
      FileManager.default.fileExists(atPath: package.appending(path: $0).path)
    }
    guard !plans.isEmpty else {
      throw Failure(description: "there is no \(Self.plans[0]) to say what to generate")
    }
    let generator = Process()
    generator.executableURL = try context.tool(named: "ngrpc-generate").url
    generator.arguments = ["--package-directory", package.path] + arguments + plans
    try generator.run()
    generator.waitUntilExit()
    guard generator.terminationStatus == 0 else {
      throw Failure(description: "nothing was generated; the reason stands above")
    }
  }
}

/// An error that is printed as it is.
struct Failure: Error, CustomStringConvertible {
  var description: String
}
