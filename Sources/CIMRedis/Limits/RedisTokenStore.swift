import CIMCore
import Redis

/// Buckets of tokens in Redis: a number each, which expires when the bucket is full.
public struct RedisTokenStore: TokenStore {
  private let redis: RedisClient

  /// Uses that connection.
  public init(_ redis: RedisClient) { self.redis = redis }

  public func take(_ count: Int, by demand: TokenDemand) async throws(StoreError) -> TokenGrant {
    var arguments = ["\(count)"]
    for part in demand.parts { arguments += ["\(part.limit.interval)", "\(part.limit.burst)"] }
    do {
      let reply = try await redis.run(
        RedisScript.takeTokens.call(
          keys: demand.parts.map { StoreKey.tokens(of: $0.subject) }, listing: arguments)
      ).asArray()
      return try Self.grant(reply, demand)
    } catch {
      throw StoreError(error)
    }
  }

  private static func grant(_ reply: [RedisValue], _ demand: TokenDemand) throws(RedisError) -> TokenGrant {
    let numbers = try reply.map { value throws(RedisError) in Int(try value.asInteger() as UInt64) }
    switch numbers.count {
    case 1: return .granted(numbers[0])
    case 3 where demand.parts.indices.contains(numbers[1] - 1):
      return .refused(
        TokenRefusal(demand.parts[numbers[1] - 1].subject, milliseconds: UInt64(max(1, numbers[2]))))
    default: throw RedisError(.unexpectedReply, "expected tokens or a refusal, got \(reply)")
    }
  }

  public func ping() async throws(StoreError) { try await redis.storePing() }
}

extension StoreKey {
  /// A bucket of tokens. A user's and that user's devices' are in one slot: they are taken in one step.
  static func tokens(of subject: TokenSubject) -> String {
    switch subject {
    case .user(let user): "{u:\(user)}:tokens"
    case .device(let device): "{u:\(device.user)}:tokens:\(device.device)"
    case .logins(let network): "{a:\(encoded(network))}:logins"
    case .registrations(let network): "{a:\(encoded(network))}:registrations"
    }
  }
}
