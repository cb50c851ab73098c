import CIMCore
import Redis

/// Sessions in Redis: all of a user's in one hash, and for each server an index of who is online there.
///
/// Hash and index are in different slots, so they change one after the other. The hash is the truth and changes first;
/// whoever reads the index checks it against the hash (`OnlineUsersQuery`), so a line that a crash or a race left in
/// it makes nobody a ghost.
public struct RedisSessionStore: SessionStore {
  let redis: RedisClient

  /// Uses that connection.
  public init(_ redis: RedisClient) {
    self.redis = redis
  }

  public func open(
    _ device: UserDevice, kind: DeviceKind, loginGeneration: UInt64, on instance: ServerInstance,
    admission: Admission
  ) async throws(StoreError) -> SessionOpening {
    let (user, device) = (device.user, device.device)
    do throws(RedisError) {
      try await note(instance)
      let reply = try await redis.run(
        RedisScript.openSession.call(
          keys: [StoreKey.sessions(user), StoreKey.sessionEpochs(user)],
          listing: [device.rawValue, "\(loginGeneration)", instance.description, kind.rawValue]
            + admission.arguments)
      ).asArray()
      if try reply.first?.asInteger() == 0 {
        return .barred(by: try Array(reply.dropFirst()).asSessions(of: user))
      }
      guard reply.count >= 3 else {
        throw RedisError(.unexpectedReply, "expected a session's epoch and predecessor")
      }
      let session = Session(
        user: user, device: device, kind: kind, epoch: SessionEpoch(try reply[1].asInteger()),
        instance: instance, loginGeneration: loginGeneration)
      let replaced = try reply[2].ifPresent?.asSession(user: user, device: device)
      let displaced = try Array(reply.dropFirst(3)).asSessions(of: user)
      try await list(session, insteadOf: displaced + [replaced].compactMap(\.self))
      return .opened(OpenedSession(session: session, replaced: replaced, displaced: displaced))
    } catch {
      throw StoreError(error)
    }
  }

  public func restate(
    _ session: Session, admission: Admission
  ) async throws(StoreError) -> Restatement {
    do throws(RedisError) {
      try await note(session.instance)
      let reply = try await redis.run(
        RedisScript.restateSession.call(
          keys: [StoreKey.sessions(session.user), StoreKey.sessionEpochs(session.user)],
          listing: [
            session.device.rawValue, "\(session.epoch)", "\(session.loginGeneration)",
            session.instance.description, session.kind.rawValue,
          ] + admission.arguments)
      ).asArray()
      let outcome: UInt64? = try reply.first?.asInteger()
      switch outcome {
      case 1: break
      case 2: return .barred(by: try Array(reply.dropFirst()).asSessions(of: session.user))
      default: return .superseded
      }
      let replaced = try reply.dropFirst().first?.ifPresent?
        .asSession(user: session.user, device: session.device)
      try await list(session, insteadOf: replaced.map { $0 == session ? [] : [$0] } ?? [])
      return .stands
    } catch {
      throw StoreError(error)
    }
  }

  public func close(
    user: UserID, device: DeviceID, epoch: SessionEpoch, on instance: ServerInstance?
  ) async throws(StoreError) -> Bool {
    do {
      let removed = try await redis.run(
        RedisScript.closeSession.call(
          keys: [StoreKey.sessions(user)], device.rawValue, epoch.rawValue, instance?.description ?? ""))
      guard let session = try removed.ifPresent?.asSession(user: user, device: device) else { return false }
      _ = try await redis.send(session.unlisting)
      return true
    } catch {
      throw StoreError(error)
    }
  }

  public func sessions(of users: [UserID]) async throws(StoreError) -> [UserID: [Session]] {
    let replies = await redis.sendInChunks(users.map { RedisCommand("HGETALL", StoreKey.sessions($0)) })
    do {
      var found: [UserID: [Session]] = [:]
      for (user, reply) in zip(users, replies) {
        var sessions: [Session] = []
        for (device, session) in try reply.get().asPairs() {
          sessions.append(try session.asSession(user: user, device: device.asDeviceID()))
        }
        if !sessions.isEmpty { found[user] = sessions.sorted { $0.device < $1.device } }
      }
      return found
    } catch {
      throw StoreError(error)
    }
  }

  public func onlineUsers(
    on instances: [ServerInstance], after: UserID?, limit: Int
  ) async throws(StoreError) -> [UserID] {
    do {
      var users = Set<UserID>()
      for instance in Set(instances) {
        users.formUnion(
          try await OnlineUsersQuery(redis: redis, instance: instance, after: after, limit: limit).run())
      }
      return Array(users.sorted().prefix(limit))
    } catch {
      throw StoreError(error)
    }
  }

  public func identities() -> AsyncStream<String> { redis.replicationIDs() }

  public func ping() async throws(StoreError) { try await redis.storePing() }

  /// Puts a server on the list of known ones before a session is written there: none is left without its server being known.
  private func note(_ instance: ServerInstance) async throws(RedisError) {
    _ = try await redis.send(instance.noting)
  }

  private func list(_ session: Session, insteadOf replaced: [Session]) async throws(RedisError) {
    // Noted again: the server may have been forgotten between the first time and this line.
    let commands = [session.listing, session.instance.noting] + replaced.map(\.unlisting)
    for reply in await redis.send(commands) { _ = try reply.get() }
  }
}

extension ServerInstance {
  var noting: RedisCommand { RedisCommand("SADD", StoreKey.instances, description) }
}

extension Session {
  fileprivate var listing: RedisCommand {
    RedisCommand("ZADD", StoreKey.online(instance), user.rawValue, OnlineMember(self).text)
  }

  fileprivate var unlisting: RedisCommand {
    RedisCommand("ZREM", StoreKey.online(instance), OnlineMember(self).text)
  }
}
