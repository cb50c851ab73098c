import CIMCore
import Redis

extension RedisSessionStore {
  public func sweep(_ instance: ServerInstance, limit: Int) async throws(StoreError) -> SessionSweep {
    do throws(RedisError) {
      let lines = try await redis.send(
        RedisCommand("ZRANGE", StoreKey.online(instance), 0, limit - 1)
      ).asArray()
      guard !lines.isEmpty else { return SessionSweep(removed: 0, isComplete: true) }
      var members: [OnlineMember] = []
      for line in lines {
        members.append(try line.parsed("a line of the online index") { OnlineMember($0) })
      }
      let closed = await redis.runInChunks(
        members.map { member in
          RedisScript.closeSession.call(
            keys: [StoreKey.sessions(member.user)], member.device.rawValue, member.epoch.rawValue,
            instance.description)
        })
      var removed = 0
      for reply in closed where try !reply.get().isNull { removed += 1 }
      // What is not there any more was closed, replaced or stated again elsewhere.
      try await OnlineIndex(redis: redis, instance: instance).remove(members)
      let left = try await redis.send(RedisCommand("ZCARD", StoreKey.online(instance)))
      return SessionSweep(removed: removed, isComplete: try left.asInteger() == 0)
    } catch {
      throw StoreError(error)
    }
  }

  public func knownInstances() async throws(StoreError) -> [ServerInstance] {
    do {
      var instances: [ServerInstance] = []
      for instance in try await redis.send(RedisCommand("SMEMBERS", StoreKey.instances)).asArray() {
        instances.append(try instance.parsed("a server instance") { ServerInstance($0) })
      }
      return instances
    } catch {
      throw StoreError(error)
    }
  }

  public func forget(_ instance: ServerInstance) async throws(StoreError) -> Bool {
    // The list and the sessions are in different slots. It is taken off first and looked at then: who lists a session
    // puts the server on the list with it, so one of the two sees the other.
    let replies = await redis.send([
      RedisCommand("SREM", StoreKey.instances, instance.description),
      RedisCommand("ZCARD", StoreKey.online(instance)),
    ])
    do {
      _ = try replies[0].get()
      if try replies[1].get().asInteger() == 0 { return true }
      _ = try await redis.send(instance.noting)
      return false
    } catch {
      throw StoreError(error)
    }
  }
}
