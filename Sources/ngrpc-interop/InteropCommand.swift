import ArgumentParser

/// The two sides of gRPC's "Interoperability Test Case Descriptions".
@main
struct InteropCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ngrpc-interop",
    abstract: "Tries NgRPC against other implementations of gRPC, by the standard interoperability cases.",
    subcommands: [ServerCommand.self, ClientCommand.self])
}
