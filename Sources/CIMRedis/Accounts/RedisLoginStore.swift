import CIMCore
import Redis

/// Logins in Redis: all of a user's in one hash, which the user id in a token leads to.
public struct RedisLoginStore: LoginStore {
  private let redis: RedisClient
  private let idleMilliseconds: UInt64

  /// Uses that connection.
  ///
  /// - Parameter limits: How long the logins of a user are kept who does not connect.
  public init(_ redis: RedisClient, limits: MessageLogLimits = .defaults) {
    self.redis = redis
    idleMilliseconds = limits.idleMilliseconds
  }

  public func create(
    user: UserID, device: DeviceID, kind: DeviceKind
  ) async throws(StoreError) -> Login {
    let token = LoginToken.random(for: user)
    do {
      let generation = try await redis.run(
        RedisScript.createLogin.call(
          keys: [StoreKey.logins(user)], device.rawValue, token.secretText, kind.rawValue,
          idleMilliseconds))
      return Login(token: token, device: device, kind: kind, generation: try generation.asInteger())
    } catch {
      throw StoreError(error)
    }
  }

  public func login(for token: LoginToken) async throws(StoreError) -> Login? {
    let key = StoreKey.logins(token.user)
    let replies = await redis.send([
      RedisCommand("HGET", key, "token:\(token.secretText)"), RedisCommand("PEXPIRE", key, idleMilliseconds),
    ])
    do {
      return try replies[0].get().ifPresent?.asLogin(token: token)
    } catch {
      throw StoreError(error)
    }
  }

  public func logins(of user: UserID) async throws(StoreError) -> [Login] {
    let reply = await redis.send([RedisCommand("HGETALL", StoreKey.logins(user))])[0]
    do {
      var logins: [Login] = []
      for (field, value) in try reply.get().asPairs() {
        guard let token = try field.asTokenField(of: user) else { continue }
        logins.append(try value.asLogin(token: token))
      }
      return logins.sorted { $0.device < $1.device }
    } catch {
      throw StoreError(error)
    }
  }

  public func revoke(_ token: LoginToken) async throws(StoreError) -> Login? {
    do {
      let ended = try await redis.run(
        RedisScript.revokeLogin.call(keys: [StoreKey.logins(token.user)], token.secretText))
      return try ended.ifPresent?.asLogin(token: token)
    } catch {
      throw StoreError(error)
    }
  }

  public func ping() async throws(StoreError) { try await redis.storePing() }
}

extension RedisValue {
  /// The token that a field of a user's logins is about; nil for a field of another kind, see `createLogin`.
  fileprivate func asTokenField(of user: UserID) throws(RedisError) -> LoginToken? {
    let field = try asString()
    guard field.hasPrefix("token:") else { return nil }
    guard let token = LoginToken("\(user).\(field.dropFirst("token:".count))") else {
      // What it is stays out of logs: it may be most of a token.
      throw RedisError(.unexpectedReply, "expected a login's token, got something else")
    }
    return token
  }

  /// Reads `<generation> <device>[ <kind>]`.
  fileprivate func asLogin(token: LoginToken) throws(RedisError) -> Login {
    try parsed("a login") { text in
      let parts = text.split(separator: " ")
      guard (2...3).contains(parts.count), let generation = UInt64(parts[0]),
        let device = try? DeviceID(String(parts[1])),
        let kind = try? DeviceKind(parts.count == 3 ? String(parts[2]) : "")
      else { return nil }
      return Login(token: token, device: device, kind: kind, generation: generation)
    }
  }
}
