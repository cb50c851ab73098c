import Logging
import NIOCore
import NgRPC
import Synchronization
import TestSupport

extension TestCertificates {
  func identity(_ name: String) -> TLSIdentity {
    TLSIdentity(certificateChain: .file(certificate(name)), privateKey: .file(key(name)))
  }

  func roots(_ name: String = "ca") -> TLSTrustRoots { .pem([.file(certificate(name))]) }

  /// A server's configuration with `identity`, which verifies clients as told.
  func server(
    _ identity: String = "server", clients: ServerTLS.ClientVerification = .none
  ) -> RPCServer.Configuration {
    var configuration = RPCServer.Configuration.defaults
    configuration.tls = ServerTLS(
      identity: self.identity(identity), clientVerification: clients, clientTrustRoots: roots())
    return configuration
  }

  /// A channel's configuration that trusts `roots`, and shows `identity`.
  func client(
    _ identity: String? = nil, roots: String = "ca", serverName: String? = nil
  ) -> RPCChannel.Configuration {
    var configuration = RPCChannel.Configuration.defaults
    configuration.tls = ClientTLS(
      trustRoots: self.roots(roots), identity: identity.map(self.identity), serverName: serverName)
    return configuration
  }
}

/// Whether a call is answered.
func answers(_ channel: RPCChannel, waitForReady: Bool = false) async throws -> Bool {
  let question = ByteBuffer(string: "?")
  let options = CallOptions(waitForReady: waitForReady)
  let answer: ByteBuffer = try await channel.unary(EchoService.unary, question, options: options)
  return answer == question
}

/// What was logged, line by line, to wait for.
final class RecordedLog: Sendable {
  private let lines: AsyncStream<String>
  private let writer: AsyncStream<String>.Continuation

  init() { (lines, writer) = AsyncStream.makeStream() }

  /// Logs here, at every level.
  var logger: Logger {
    let writer = writer
    return Logger(label: "recorded") { _ in Handler(writer: writer) }
  }

  /// Waits for a line that contains `text`; the lines before it are gone.
  @discardableResult
  func line(containing text: String) async throws -> String {
    let lines = lines
    let seen = Mutex<[String]>([])
    return try await withDeadline(.seconds(10), "\"\(text)\" in the log: \(seen.withLock { $0 })") {
      for await line in lines {
        if line.contains(text) { return line }
        seen.withLock { $0.append(line) }
      }
      throw CancellationError()
    }
  }

  private struct Handler: LogHandler {
    let writer: AsyncStream<String>.Continuation
    var logLevel = Logger.Level.trace
    var metadata = Logger.Metadata()

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      writer.yield("\(event.level) \(event.message) \(event.metadata ?? [:])")
    }
  }
}
