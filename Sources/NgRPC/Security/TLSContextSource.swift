import Logging
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// Keeps a TLS context in step with the files that it is made of. Usable from any thread.
final class TLSContextSource: Sendable {
  private struct State {
    var material: TLSSettings.Material?
    var context: NIOSSLContext?
    /// The last one that was logged: one that stays is logged once.
    var problem: InvalidTLS?
  }

  private let settings: TLSSettings
  private let logger: Logger
  private let state = Mutex(State())

  init(_ settings: TLSSettings, logger: Logger) {
    self.settings = settings
    self.logger = logger
  }

  /// The context that was made last.
  var current: NIOSSLContext? { state.withLock { $0.context } }

  /// Whether there is anything that can change.
  var isConstant: Bool { !settings.hasFiles && current != nil }

  /// Looks at the files, on a thread that may block, and makes a new context when they have changed.
  ///
  /// - Throws: ``InvalidTLS`` when what is there can't be used; the context in use stays.
  @discardableResult
  func refresh() async throws -> NIOSSLContext {
    if isConstant, let current { return current }
    return try await NIOThreadPool.singleton.runIfActive { try self.refreshBlocking() }
  }

  /// The context for a new connection: that of the files, or while they can't be used the one before.
  func forNewConnection(on eventLoop: any EventLoop) -> EventLoopFuture<NIOSSLContext> {
    if isConstant, let current { return eventLoop.makeSucceededFuture(current) }
    return NIOThreadPool.singleton.runIfActive(eventLoop: eventLoop) {
      do {
        return try self.refreshBlocking()
      } catch {
        guard let current = self.current else { throw error }
        return current
      }
    }
  }

  /// Looks at the files again and again, until the task is cancelled.
  func watch(every interval: Duration) async {
    while !Task.isCancelled {
      do {
        try await Task.sleep(for: interval)
        try await refresh()
      } catch {
        // Cancelled, or logged: what is in use stays in use.
      }
    }
  }

  private func refreshBlocking() throws(InvalidTLS) -> NIOSSLContext {
    do throws(InvalidTLS) {
      let material = try settings.read()
      if let context = unchanged(material) { return context }
      let context = try settings.makeContext(of: material)
      let isFirst = state.withLock { state in
        defer { state = State(material: material, context: context) }
        return state.context == nil
      }
      announce(isFirst ? "TLS is ready" : "TLS goes on with new files", material)
      return context
    } catch {
      let (isNew, isInUse) = state.withLock { state in
        defer { state.problem = error }
        return (state.problem != error, state.context != nil)
      }
      if isNew, isInUse {
        logger.error(
          "TLS goes on with what it had: the new files can't be used", metadata: ["error": "\(error)"])
      }
      throw error
    }
  }

  private func unchanged(_ material: TLSSettings.Material) -> NIOSSLContext? {
    state.withLock { state in
      guard state.material == material, let context = state.context else { return nil }
      state.problem = nil
      return context
    }
  }

  private func announce(_ text: Logger.Message, _ material: TLSSettings.Material) {
    guard let chain = material.chain, let leaf = try? NIOSSLCertificate.fromPEMBytes(chain).first else {
      return logger.info(text)
    }
    let certificate = PeerCertificate(leaf)
    logger.info(text, metadata: ["certificate": "\(certificate)"])
    if certificate.hasExpired {
      logger.warning(
        "the certificate has expired: peers will refuse it", metadata: ["certificate": "\(certificate)"])
    }
  }
}
