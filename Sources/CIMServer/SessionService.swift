import CIMCore
import CIMProtos
import NgRPC
import Synchronization

/// Serves `cim.v1.Session` to clients.
struct SessionService: RPCService {
  let core: ServerCore

  func register(with router: inout RPCRouter) {
    let core = core
    router.stream(CimV1.Session.Methods.connect) { stream, context -> SessionHandler in
      let token = try context.metadata.bearerToken()
      guard !core.isDraining else {
        throw RPCError(code: .unavailable, message: SessionHandler.goingAway)
      }
      guard core.openStreams.load(ordering: .relaxed) < core.configuration.maxSessions else {
        throw RPCError(
          code: .unavailable,
          message:
            "This server has its \(core.configuration.maxSessions) clients; log in again for another server.")
      }
      let shard = core.shards.shard(on: context.eventLoop, core: core)
      return shard.add { number in
        SessionHandler(number: number, stream: stream, token: token, shard: shard)
      }
    }
  }
}

/// Serves `cim.v1.Push` to routes.
struct PushService: RPCService {
  let core: ServerCore

  func register(with router: inout RPCRouter) {
    let core = core
    router.stream(CimV1.Push.Methods.link) { stream, _ -> LinkHandler in
      try LinkHandler(stream: stream, core: core)
    }
    router.stream(CimV1.Push.Methods.pages) { stream, _ -> PagesHandler in
      try PagesHandler(stream: stream, core: core)
    }
  }
}
