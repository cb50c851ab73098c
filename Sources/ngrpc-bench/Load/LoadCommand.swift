import ArgumentParser
import Foundation
import NIOCore
import NIOPosix
import NgRPC

struct LoadCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "load", abstract: "Puts load on any server of ngrpc.bench.v1.Bench.",
    discussion: """
      Reads phases from standard input, one a line, and answers each with what came of it:

        {"kind": "open", "streams": 10}
        {"kind": "echo", "bytes": 30, "window": 8, "seconds": 2}

      Kinds are connect, open, echo, unary, download (the server streams) and upload (the client streams). Ends with \
      the input. All connections belong to one thread.
      """)

  @Option(help: "The server's host.")
  var host = "127.0.0.1"
  @Option(help: "The server's port.")
  var port: Int
  @Option(help: "How many connections.")
  var connections = 1
  @Flag(help: "Speak TLS, whatever the server's certificate is.")
  var tls = false

  func run() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let eventLoop = group.next()
    var configuration = RPCChannel.Configuration.defaults
    if tls {
      configuration.tls = ClientTLS()
      configuration.tls?.verification = .none
    }
    let load = try await eventLoop.submit { [configuration] in
      NIOLoopBound(
        Load(
          to: Endpoint(host: host, port: port), connections: connections, configuration: configuration,
          eventLoop: eventLoop, logger: .bench),
        eventLoop: eventLoop)
    }.get()
    let encoder = JSONEncoder()
    while let line = readLine() {
      let phase: Phase
      do {
        phase = try JSONDecoder().decode(Phase.self, from: Data(line.utf8))
      } catch {
        throw LoadError("this is no phase: \(line): \(error)")
      }
      let before = cpuSeconds()
      var outcome = try await eventLoop.flatSubmit { load.value.run(phase) }.get()
      outcome.loadCPU = cpuSeconds() - before
      // Unbuffered: whoever started this waits for the line.
      FileHandle.standardOutput.write(try encoder.encode(outcome) + Data("\n".utf8))
    }
  }

  /// What this process has used.
  private func cpuSeconds() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
  }
}
