import CIMCore
import CIMProtos
import Logging
import NIOCore
import NgRPC
import Synchronization

/// The calls that a client makes to routes: over one connection to whichever route answers.
final class RouteConnection: Sendable {
  private struct State {
    var channel: RPCChannel?
    /// Which endpoint is tried first.
    var first = 0
    var isClosed = false
  }

  private let endpoints: [Endpoint]
  private let deviceKind: DeviceKind
  private let logger: Logger
  private let state = Mutex(State())

  init(endpoints: [Endpoint], deviceKind: DeviceKind, logger: Logger) {
    self.endpoints = endpoints
    self.deviceKind = deviceKind
    self.logger = logger
  }

  /// Finds or registers the account, and logs its device in.
  func logIn(
    _ identity: ChatClient.Identity, device: DeviceID, avoiding server: ServerID?, timeout: Duration
  ) async throws(ConnectionFailure) -> SessionStateMachine.Grant {
    let deadline = ContinuousClock.now + timeout
    let channel = try self.channel()
    do {
      let route = CimV1.Route.Client(channel)
      let account: CimV1.User
      switch identity {
      case .account(let known):
        account = CimV1.User(id: known.id.rawValue, name: known.name.rawValue)
      case .name(let name):
        let response = try await route.register(
          CimV1.RegisterRequest(name: name.rawValue), options: .within(timeout))
        account = response.user ?? CimV1.User()
      }
      let response = try await route.login(
        CimV1.LoginRequest(
          userID: account.id, name: account.name, deviceID: device.rawValue,
          avoidServerID: server?.rawValue ?? "", deviceKind: self.deviceKind.rawValue),
        options: .within(deadline - .now))
      return try Self.grant(response)
    } catch let error as RPCError {
      let failure = ConnectionFailure.login(error)
      if case .transient = failure { self.tryAnother(than: channel) }
      throw failure
    } catch let failure as ConnectionFailure {
      throw failure
    } catch {
      throw .transient("a route could not be reached: \(error)")
    }
  }

  /// For how long calls wait in all whose rate is limited.
  private static let patience = Duration.seconds(30)

  /// Makes a call in the name of the token's user; again after a time when the service limits how often that is done.
  ///
  /// - Parameter what: What is being done, for errors: "listing the groups".
  func call<Response>(
    _ what: String, token: String, timeout: Duration,
    _ body: (CimV1.Route.Client, CallOptions) async throws -> Response
  ) async throws(ClientError) -> Response {
    var patience = Self.patience
    while true {
      do {
        return try await body(CimV1.Route.Client(try self.channel()), .within(timeout, token: token))
      } catch let error as RPCError {
        guard let delay = error.retryAfter, delay <= patience else { throw ClientError(error, what) }
        patience -= delay
        try await self.wait(delay, what)
      } catch let error as ClientError {
        throw error
      } catch {
        throw ClientError(.unavailable, "\(what) did not work: \(error)")
      }
    }
  }

  private func wait(_ delay: Duration, _ what: String) async throws(ClientError) {
    do {
      try await Task.sleep(for: delay)
    } catch {
      throw ClientError(.unavailable, "\(what) was cancelled while it waited for its turn")
    }
  }

  /// Ends the login. A failure is no harm: the login is replaced by the device's next one.
  func logOut(token: String, timeout: Duration) async {
    do {
      let route = CimV1.Route.Client(try self.channel())
      _ = try await route.logout(CimV1.LogoutRequest(), options: .within(timeout, token: token))
    } catch {
      self.logger.debug("The login could not be ended.", metadata: ["error": "\(error)"])
    }
  }

  /// Ends the connection.
  func close() async {
    let channel = self.state.withLock { state in
      state.isClosed = true
      return state.channel.take()
    }
    await channel?.shutdown(within: .zero)
  }

  /// The connection, with the endpoints in the order in which they are to be tried now.
  private func channel() throws(ConnectionFailure) -> RPCChannel {
    try self.state.withLock { state throws(ConnectionFailure) in
      guard !state.isClosed else { throw .transient("the client is closed") }
      if let channel = state.channel { return channel }
      let order = self.endpoints[state.first...] + self.endpoints[..<state.first]
      let channel = RPCChannel(to: Array(order), configuration: .impatient, logger: self.logger)
      state.channel = channel
      return channel
    }
  }

  /// The route that is connected does not serve: the next attempt begins with another.
  private func tryAnother(than failed: RPCChannel) {
    let isCurrent = self.state.withLock { state in
      guard state.channel === failed else { return false }
      state.first = (state.first + 1) % self.endpoints.count
      state.channel = nil
      return true
    }
    if isCurrent { Task { await failed.shutdown(within: .zero) } }
  }

  private static func grant(_ response: CimV1.LoginResponse) throws(ConnectionFailure)
    -> SessionStateMachine.Grant
  {
    guard let account = Account(response.user), let server = response.server,
      let id = try? ServerID(server.id), (1...65535).contains(server.port), !response.token.isEmpty
    else {
      throw .transient("a route's answer to the login is not valid")
    }
    return SessionStateMachine.Grant(
      account: account, token: response.token, server: id,
      endpoint: Endpoint(host: server.host, port: Int(server.port)))
  }
}

extension CallOptions {
  /// For a call that must be answered in time, in the name of the token's user.
  static func within(_ timeout: Duration?, token: String? = nil) -> CallOptions {
    var options = CallOptions.defaults
    options.timeout = timeout
    if let token { options.metadata.add("Bearer \(token)", for: "authorization") }
    return options
  }
}

extension RPCChannel.Configuration {
  /// An address that does not answer is given up soon, while there are others to try.
  static var impatient: Self {
    var configuration = Self.defaults
    configuration.connectTimeout = .seconds(4)
    return configuration
  }
}
