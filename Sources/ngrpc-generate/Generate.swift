import ArgumentParser
import Foundation
import NgRPCCodeGen

/// Writes the C and Swift of a package's contracts.
@main
struct Generate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ngrpc-generate",
    abstract: "Writes C and Swift from .proto files.",
    discussion: """
      Each plan is a generate.json beside the .proto files: which directory of .proto files goes into which module, \
      and where the modules go. Files that were generated before and are no more are removed.
      """)

  @Option(help: "The directory that plans and outputs are relative to.")
  var packageDirectory = "."

  @Flag(help: "Write nothing; fail when a file would change.")
  var check = false

  @Argument(help: "Plans, such as Protos/generate.json.")
  var plans: [String]

  func run() throws {
    let package = URL(filePath: packageDirectory, directoryHint: .isDirectory)
    var stale: [String] = []
    for path in plans {
      do {
        stale += try generate(planAt: package.appending(path: path), in: package)
      } catch let error as GenerationError {
        throw Failure("\(path): \(error)")
      }
    }
    guard stale.isEmpty else {
      throw Failure("not up to date:\n\(stale.map { "  \($0)\n" }.joined())run swift package generate-rpc")
    }
  }

  private func generate(planAt file: URL, in package: URL) throws -> [String] {
    guard let json = try? Data(contentsOf: file) else {
      throw GenerationError("there is no such file")
    }
    let plan = try GenerationPlan(json: json)
    let compiler = try ProtoCompiler(root: file.deletingLastPathComponent())
    let generator = try CodeGenerator(plan: plan, serializedDescriptorSet: compiler.descriptorSet(for: plan))
    var outputs = try generator.swiftOutputs()
    for module in plan.modules {
      let response = try compiler.generateC(generator.cRequest(for: module))
      outputs += try generator.cOutputs(for: module, response: response)
    }
    let directory = OutputDirectory(root: package.appending(path: plan.output), shownAs: plan.output)
    let owned = plan.modules.flatMap { [$0.name, $0.cName] }
    return check
      ? try directory.differences(from: outputs, in: owned)
      : try directory.write(outputs, in: owned)
  }
}

/// An error that is printed as it is.
struct Failure: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }
}
