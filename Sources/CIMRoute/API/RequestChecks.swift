import CIMCore
import NgRPC

/// What the services of a route check of requests, and how they tell of it: in the same words.
protocol RequestChecks {
  var core: RouteCore { get }
}

extension RequestChecks {
  /// Before the first list of servers a message would be delivered to nobody, and nobody would seem to be online.
  ///
  /// - Throws: UNAVAILABLE until the registry has told its servers.
  func requireServers() throws(RPCError) {
    guard core.links.hasBeenRead else {
      throw RPCError(
        code: .unavailable,
        message: "This route has not learned yet which servers there are; try again in a second.")
    }
  }

  /// Runs `body`, and tells callers of a store's failure in gRPC's terms.
  func withStores<Result>(_ body: () async throws -> Result) async throws -> Result {
    do {
      return try await body()
    } catch let error as StoreError {
      switch error.code {
      case .corrupted:
        throw RPCError(
          code: .internalError, message: "What is stored can't be read. \(error.message)", cause: error)
      default:
        throw RPCError(
          code: .unavailable, message: "The store can't be used at the moment; try again. \(error.message)",
          cause: error)
      }
    }
  }

  /// Parses a field, and names it in the error.
  func parse<Value>(
    _ field: String, _ parse: () throws(InvalidIdentifier) -> Value
  ) throws(RPCError) -> Value {
    do throws(InvalidIdentifier) {
      return try parse()
    } catch {
      throw RPCError(code: .invalidArgument, message: "\(field) is \(error).")
    }
  }

  /// A user id from a field.
  func userID(_ value: UInt64, _ field: String) throws(RPCError) -> UserID {
    guard value > 0 else {
      throw RPCError(code: .invalidArgument, message: "\(field) is 0: user ids are 1 or greater.")
    }
    return UserID(value)
  }

  /// A page size from a field: `defaultSize` for 0.
  func pageSize(_ value: UInt32, default defaultSize: Int, limit: Int) throws(RPCError) -> Int {
    guard value <= limit else {
      throw RPCError(
        code: .invalidArgument,
        message: "page_size is \(value): it must be 1 to \(limit), or 0 for \(defaultSize).")
    }
    return value == 0 ? defaultSize : Int(value)
  }
}
