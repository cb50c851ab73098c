import Foundation

/// A real ZooKeeper server of Debian's package on a free port of 127.0.0.1, its data in a temporary folder.
///
/// A tick is 500 ms, so sessions last between 1 and 10 seconds. It is killed when the last reference goes.
public final class ZooKeeperServer: Sendable {
  /// What the server takes, named one by one: of all archives in that folder, the first logger that Java happens to
  /// find would be used, and not each of them works.
  private static let archives = [
    "zookeeper", "zookeeper-jute", "slf4j-api", "slf4j-simple", "metrics-core", "snappy-java",
  ].map { "/usr/share/java/\($0).jar" }

  private let server: ServerProcess
  /// Nil when the data is kept where the caller said.
  private let folder: TemporaryDirectory?

  /// Starts a server and waits until it serves.
  ///
  /// - Parameter directory: Where its data is kept and not removed; nil means a temporary folder.
  /// - Throws: `MissingProgram` when Java or ZooKeeper is not installed.
  public init(in directory: String? = nil) async throws {
    let java = try MissingProgram.path(of: "java", package: "default-jre-headless")
    for archive in Self.archives where !FileManager.default.isReadableFile(atPath: archive) {
      throw MissingProgram(archive, package: "zookeeper")
    }
    let folder = directory == nil ? try TemporaryDirectory("zookeeper") : nil
    self.folder = folder
    let path = directory ?? folder?.path ?? ""
    server = try await ServerProcess { port in
      let configuration = "\(path)/zoo.cfg"
      let settings = """
        tickTime=500
        dataDir=\(path)
        clientPortAddress=127.0.0.1
        clientPort=\(port)
        maxClientCnxns=0
        admin.enableServer=false
        4lw.commands.whitelist=*

        """
      try Data(settings.utf8).write(to: URL(fileURLWithPath: configuration))
      // One small JVM that starts fast: no optimising compiler, no parallel collector.
      return Command(
        java,
        [
          "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto",
          "-Dzookeeper.forceSync=no", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
          "-cp", Self.archives.joined(separator: ":"),
          "org.apache.zookeeper.server.quorum.QuorumPeerMain", configuration,
        ], directory: path)
    } isReady: { port in
      LoopbackProbe.ask("srvr", port: port)?.contains("Mode:") ?? false
    }
  }

  /// The TCP port, which stays the same over restarts.
  public var port: Int { server.port }
  /// How clients are told of it.
  public var connectString: String { "127.0.0.1:\(port)" }
  /// The process, for its id and output.
  public var process: ChildProcess { server.current }

  /// Ends the server in order and waits for its end.
  public func stop() async throws { try await process.stop() }

  /// Ends the server at once, as a crash would, and waits for its end.
  public func kill() async throws {
    process.kill()
    try await process.waitUntilExit()
  }

  /// Starts the server again after `stop` or `kill`, on the same port and data.
  public func start() async throws { try await server.start() }

  /// Freezes the server: connections stay open, nothing is answered.
  public func pause() { process.signal(SIGSTOP) }

  /// Lets a frozen server go on.
  public func resume() { process.signal(SIGCONT) }
}
