import Logging

/// What all connections of a server share.
final class ServerSettings: Sendable {
  let router: RPCRouter
  let configuration: RPCServer.Configuration
  let sessionLimits: NgHTTP2Session.Limits
  let logger: Logger

  init(router: RPCRouter, configuration: RPCServer.Configuration, logger: Logger) {
    self.router = router
    self.configuration = configuration
    sessionLimits = configuration.sessionLimits
    self.logger = logger
  }
}
