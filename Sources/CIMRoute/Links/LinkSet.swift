import CIMCore
import CIMProtos
import NIOCore
import NgRPC
import Synchronization

/// The links to all servers that live, and what they are for.
final class LinkSet: Sendable {
  fileprivate struct State {
    var servers = ServerTable()
    var interest = InterestTable()
    var links: [ServerInstance: ServerLink] = [:]
    /// Links whose failure has been told and that were not up since.
    var failing: Set<ServerInstance> = []
    var balancer: any Balancer
    var isStopped = false
  }

  private let state: Mutex<State>

  init(balancer: any Balancer) { state = Mutex(State(balancer: balancer)) }

  // MARK: Changes

  /// The registry's list is now this one: links are made to the new servers, and those to dead ones stopped.
  func apply(_ records: [ServerRecord], make: (ServerRecord) -> ServerLink) {
    state.withLock { state in
      guard !state.isStopped else { return }
      let change = state.servers.apply(records)
      for record in change.link { state.links[record.instance] = make(record) }
      for instance in change.unlink { state.drop(instance) }
    }
  }

  /// A server tells its conversations; the first time its link is up.
  func take(_ interest: CimV1.Interest, of instance: ServerInstance, isFirst: Bool) {
    state.withLock { state in
      guard state.links[instance] != nil else { return }
      state.interest.apply(interest, of: instance, isFirst: isFirst)
      guard isFirst else { return }
      state.servers.linkUp(instance)
      state.failing.remove(instance)
    }
  }

  /// A server's link is down.
  ///
  /// - Returns: whether this is the first failure in a row.
  func down(_ instance: ServerInstance) -> Bool {
    state.withLock { state in
      state.interest.remove(instance)
      if state.servers.linkDown(instance) { state.drop(instance) }
      return state.links[instance] != nil && state.failing.insert(instance).inserted
    }
  }

  /// Stops all links, for good.
  func stop() {
    state.withLock { state in
      state.isStopped = true
      for link in state.links.values { link.push(.stop) }
      state.links = [:]
      state.servers = ServerTable()
    }
  }

  // MARK: What is known

  /// Whether the registry has told its servers.
  var hasBeenRead: Bool { state.withLock { $0.servers.hasBeenRead } }

  /// All servers that live.
  var alive: [ServerInstance] { state.withLock { $0.servers.alive } }

  /// How many servers take clients from here.
  var readyServers: Int { state.withLock { $0.servers.candidates(avoiding: "").count } }

  /// Those of the sessions whose server lives.
  func alive(_ sessions: [CIMCore.Session]) -> [CIMCore.Session] {
    state.withLock { state in sessions.filter { state.servers.isAlive($0.instance) } }
  }

  /// Whether a server has members of a conversation.
  func isInterested(_ instance: ServerInstance) -> (String) -> Bool {
    { conversation in
      self.state.withLock { $0.interest.servers(of: conversation).contains(instance) }
    }
  }

  /// The server for a user's client; nil when none takes clients.
  ///
  /// - Parameter avoided: the id of one that is taken only when there is no other.
  func choose(for user: UserID, avoiding avoided: String) -> ServerRecord? {
    state.withLock { state in
      let candidates = state.servers.candidates(avoiding: avoided)
      return candidates.isEmpty ? nil : state.balancer.choose(among: candidates, for: user)
    }
  }

  // MARK: Frames

  /// Sends a message to every server that has members of its conversation, and to those of which that is not known yet.
  func broadcast(_ message: FramedMessage, of conversation: String) {
    state.withLock { state in
      // Under the lock, so that frames that come one after the other reach each link in that order.
      let interested = state.interest.servers(of: conversation)
      for (instance, link) in state.links
      where interested.contains(instance) || !state.servers.isLinked(instance) {
        link.push(.live(.message(message, conversation: conversation)))
      }
    }
  }

  /// Sends a message to the server of a registration; while its link is down it waits.
  ///
  /// - Returns: false when no such server is known.
  func deliver(_ message: FramedMessage, to instance: ServerInstance) -> Bool {
    push(.message(message, conversation: nil), to: instance)
  }

  /// Closes a session on its server; while the link to that is down it waits. A server that is not known has taken its
  /// sessions along.
  func kick(_ session: CIMCore.Session, _ reason: CimV1.KickReason, _ detail: String) {
    let kick = CimV1.KickSession(
      session: CimV1.SessionRef(session), kick: CimV1.Kick(reason: reason, detail: detail))
    _ = push(.kick(kick), to: session.instance)
  }

  private func push(_ frame: LiveFrame, to instance: ServerInstance) -> Bool {
    state.withLock { state in
      let link = state.link(to: instance)
      link?.push(.live(frame))
      return link != nil
    }
  }
}

extension LinkSet.State {
  /// The link for what concerns the sessions of a registration.
  ///
  /// A server that has registered anew keeps its sessions until they are stated again: it is taken for the old one.
  fileprivate func link(to instance: ServerInstance) -> ServerLink? {
    if servers.isLinked(instance) { return links[instance] }
    return servers.successor(of: instance).flatMap { links[$0] } ?? links[instance]
  }

  /// Stops the link to a dead server.
  fileprivate mutating func drop(_ instance: ServerInstance) {
    links.removeValue(forKey: instance)?.push(.stop)
    failing.remove(instance)
    interest.remove(instance)
  }
}
