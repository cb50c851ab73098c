import TestSupport
import Testing

/// A server in a process of its own that prints the port it listens on.
struct InteropServer {
  let process: ChildProcess
  let port: Int
  /// A second port, where what passes is counted; of the grpcio server only.
  let countedPort: Int?

  private init(_ command: Command) async throws {
    process = try ChildProcess(command)
    let line = try await process.output.line(containing: "listening on ", within: .seconds(30))
    let numbers = line.split { !$0.isNumber }.compactMap { Int($0) }
    countedPort = line.contains("counted on") ? numbers.last : nil
    port = try #require(countedPort == nil ? numbers.last : numbers.first)
  }

  /// Ours.
  static func ours(_ options: String...) async throws -> InteropServer {
    try await InteropServer(Command(Repository.product("ngrpc-interop"), ["server"] + options))
  }

  /// One of Tests/Python.
  static func python(_ script: String, _ arguments: String...) async throws -> InteropServer {
    var command = try Repository.python(script)
    command.arguments += arguments
    return try await InteropServer(command)
  }
}

/// Runs our client to its end.
func runClient(
  _ name: String, port: Int, _ options: String...
) async throws -> (exit: ChildProcess.Exit, output: String, errors: String) {
  let client = try ChildProcess(
    Command(
      Repository.product("ngrpc-interop"), ["client", "--port", "\(port)", "--case", name] + options))
  let exit = try await client.waitUntilExit(within: .seconds(60))
  return (exit, client.output.text, client.errors.text)
}

/// The standard cases that a server that behaves passes.
let regularCases = [
  "empty_unary", "large_unary", "client_compressed_unary", "server_compressed_unary", "client_streaming",
  "client_compressed_streaming", "server_streaming", "server_compressed_streaming", "ping_pong",
  "empty_stream", "custom_metadata", "status_code_and_message", "special_status_message",
  "unimplemented_method", "unimplemented_service", "cancel_after_begin", "cancel_after_first_response",
  "timeout_on_sleeping_server", "rpc_soak", "channel_soak",
]

/// The cases whose lines in `output` say that they hold.
func casesThatHold(_ output: String) -> [String] {
  output.split(separator: "\n").compactMap { line in
    line.hasSuffix(": holds") ? String(line.dropLast(": holds".count)) : nil
  }
}
