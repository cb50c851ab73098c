import CIMProtos
import Logging
import NgRPC

/// Asks routes, over a connection to each that stays.
struct Observer: Sendable {
  private struct Route: Sendable {
    let address: Endpoint
    let channel: RPCChannel
  }

  private typealias Answer = Result<(CimV1.GetRouteResponse, CimV1.ListServersResponse), AdminFailure>

  /// How long a route may take.
  private static let patience = CallOptions(timeout: .seconds(3))

  private let routes: [Route]
  private let options: CallOptions
  private let hasToken: Bool

  /// - Parameters:
  ///   - addresses: where routes listen for operators.
  ///   - token: what they are shown.
  init(_ addresses: [Endpoint], token: OperatorToken?, logger: Logger) {
    self.routes = addresses.map { Route(address: $0, channel: RPCChannel(to: [$0], logger: logger)) }
    var options = Self.patience
    if let token { options.metadata.add("Bearer \(token.text)", for: "authorization") }
    self.options = options
    self.hasToken = token != nil
  }

  /// Asks all routes side by side, and puts down what they say.
  ///
  /// - Throws: the first route's failure, when none answers.
  func observe(_ board: inout Board) async throws(AdminFailure) {
    let answers = await withTaskGroup(of: (Int, Answer).self) { group in
      for index in self.routes.indices {
        group.addTask {
          let answer = await self.ask(self.routes[index])
          return (index, answer)
        }
      }
      var answers: [Int: Answer] = [:]
      for await (index, answer) in group { answers[index] = answer }
      return answers
    }
    var failures: [AdminFailure] = []
    for (index, route) in self.routes.enumerated() {
      switch answers[index] {
      case .success((let state, let servers))?: board.note(state, servers.servers, at: route.address)
      case .failure(let failure)?:
        failures.append(failure)
        board.failed(failure.description, at: route.address)
      case nil: break
      }
    }
    board.settle()
    if failures.count == self.routes.count, let first = failures.first { throw first }
  }

  /// Ends the connections.
  func close() async {
    for route in self.routes { await route.channel.shutdown(within: .zero) }
  }

  private func ask(_ route: Route) async -> Answer {
    let admin = CimV1.Admin.Client(route.channel)
    do {
      let state = try await admin.getRoute(.init(), options: self.options)
      let servers = try await admin.listServers(.init(), options: self.options)
      return .success((state, servers))
    } catch let error as RPCError {
      return .failure(AdminFailure(error, route: route.address, hasToken: self.hasToken))
    } catch {
      let failure = RPCError(code: .internalError, message: "\(error)")
      return .failure(AdminFailure(failure, route: route.address, hasToken: self.hasToken))
    }
  }
}
