import CIMCore
import CIMProtos
import Logging
import NgRPC

/// One `Session.Connect`: frames up and down, until it ends.
///
/// Usable from any thread; what is sent keeps its order.
final class ServerConnection: Sendable {
  typealias Frame = CimV1.ConnectResponse.Frame

  private let channel: RPCChannel
  private let call: ClientCall<CimV1.ConnectRequest, CimV1.ConnectResponse>
  private let logger: Logger

  /// Connects, and sends the hello as soon as that is possible.
  init(to grant: SessionStateMachine.Grant, hello: CimV1.Hello, logger: Logger) {
    self.logger = logger
    self.channel = RPCChannel(
      to: [grant.endpoint], configuration: .impatient,
      logger: logger)
    self.call = CimV1.Session.Client(self.channel).connect(options: .within(nil, token: grant.token))
    self.send(.hello(hello))
  }

  /// Hands over what arrives, in order, and returns why it ended. Nothing more is read before `deliver` returns.
  func receive(_ deliver: (Frame) async -> Void) async -> ConnectionFailure {
    do {
      for try await response in self.call.messages {
        // A frame of a later version has no case here.
        if let frame = response.frame { await deliver(frame) }
      }
      return .transient("the server closed the connection")
    } catch let error as RPCError {
      return .session(error)
    } catch {
      return .transient("the connection to the server was lost: \(error)")
    }
  }

  /// Sends a frame. It never waits: the outbox bounds what is on its way. A frame after the end is dropped.
  func send(_ frame: CimV1.ConnectRequest.Frame) {
    do {
      try self.call.send(immediately: CimV1.ConnectRequest(frame: frame))
    } catch {
      self.logger.error("A frame could not be encoded.", metadata: ["error": "\(error)"])
      self.call.cancel()
    }
  }

  /// Ends the connection.
  ///
  /// - Parameter grace: how long what was sent may take to arrive; zero cuts at once.
  func close(within grace: Duration) async {
    if grace > .zero { self.call.finish() } else { self.call.cancel() }
    await self.channel.shutdown(within: grace)
  }
}
