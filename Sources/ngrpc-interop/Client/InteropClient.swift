import Logging
import NgRPC
import NgRPCInteropProtos

/// What a case has: a channel of its own, and the ways to make another.
struct InteropClient {
  let server: Endpoint
  let configuration: RPCChannel.Configuration
  /// Whether the server can tell if a request came compressed.
  let probes: Bool
  let soak: SoakOptions

  /// Runs one case on a channel of its own.
  func run(_ interopCase: InteropCase) async throws {
    try await withChannel { try await interopCase.run($0, self) }
  }

  /// Gives `body` the stubs of a new channel, which is shut down afterwards.
  func withChannel<Result>(
    _ body: (GrpcTesting.TestService.Client) async throws -> Result
  ) async throws -> Result {
    let channel = RPCChannel(
      to: [server], configuration: configuration, logger: Logger(label: "ngrpc-interop"))
    do {
      let result = try await body(GrpcTesting.TestService.Client(channel))
      await channel.shutdown(within: .seconds(5))
      return result
    } catch {
      await channel.shutdown(within: .zero)
      throw error
    }
  }
}

/// A case does not hold.
struct CaseFailure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// - Throws: ``CaseFailure`` unless both are equal.
func expect<Value: Equatable>(_ what: String, _ value: Value, _ wanted: Value) throws {
  guard value == wanted else { throw CaseFailure("\(what): got \(value), wanted \(wanted)") }
}

/// - Throws: ``CaseFailure`` unless `body` throws an ``RPCError`` with that code.
@discardableResult
func expectFailure(
  _ what: String, _ code: StatusCode, _ body: () async throws -> some Any
) async throws -> RPCError {
  let error = try await expectFailure(what, body)
  guard error.code == code else { throw CaseFailure("\(what): ended with \(error), wanted \(code)") }
  return error
}

/// - Throws: ``CaseFailure`` unless `body` throws an ``RPCError``.
func expectFailure(_ what: String, _ body: () async throws -> some Any) async throws -> RPCError {
  do {
    _ = try await body()
  } catch let error as RPCError {
    return error
  }
  throw CaseFailure("\(what): succeeded, and should not have")
}
