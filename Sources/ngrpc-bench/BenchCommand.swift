import ArgumentParser
import Logging

/// Measures the runtime from outside: a server that does as little as one can, and a load for any server of its service.
@main
struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ngrpc-bench", abstract: "Serves ngrpc.bench.v1.Bench, or puts load on a server of it.",
    subcommands: [ServeCommand.self, LoadCommand.self], defaultSubcommand: ServeCommand.self)
}

extension Logger {
  /// Says what goes wrong, and nothing of what goes well.
  static let bench = {
    var logger = Logger(label: "ngrpc-bench")
    logger.logLevel = .warning
    return logger
  }()
}
