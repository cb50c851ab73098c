import CIMProtos
import NgRPC

extension ChatClient {
  /// Makes a call to a route in the name of the user.
  ///
  /// - Parameter what: What is being done, for errors: "listing the groups".
  func call<Response>(
    _ what: String, _ body: (CimV1.Route.Client, CallOptions) async throws -> Response
  ) async throws(ClientError) -> Response {
    guard let token = self.loop.token else {
      throw ClientError(.unavailable, "not connected yet: ask again when the client is ready")
    }
    return try await self.loop.routes.call(
      what, token: token, timeout: self.configuration.timeouts.login, body)
  }

  /// Reads a list page by page, until it ends or is long enough.
  ///
  /// - Parameters:
  ///   - limit: How many items are enough.
  ///   - pageSize: How many the service gives at once.
  ///   - page: Reads the page of that size and token; gives its items and the next token, empty on the last page.
  func pages<Item>(
    _ what: String, limit: Int = .max, pageSize: Int = 1000,
    _ page: (CimV1.Route.Client, CallOptions, _ size: UInt32, _ token: String) async throws -> (
      [Item], String
    )
  ) async throws(ClientError) -> [Item] {
    var items: [Item] = []
    var token = ""
    repeat {
      let size = UInt32(clamping: min(pageSize, limit - items.count))
      guard size > 0 else { break }
      let (found, next) = try await self.call(what) { route, options in
        try await page(route, options, size, token)
      }
      items += found
      token = next
    } while !token.isEmpty
    return items
  }
}
