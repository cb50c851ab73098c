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
    /// Servers that died, until their sessions are removed.
    var died: Set<ServerInstance> = []
    /// Servers whose sessions were removed as those of a dead one.
    var mustRestate: Set<ServerInstance> = []
    var strayKicks: StrayKicks
    var balancer: any Balancer
    var isStopped = false
  }

  private let state: Mutex<State>

  /// - Parameter newcomerGrace: how long a server may be in use elsewhere before this route knows it.
  init(balancer: any Balancer, newcomerGrace: TimeAmount) {
    state = Mutex(
      State(strayKicks: StrayKicks(maxAge: newcomerGrace, capacity: 4096), balancer: balancer))
  }

  // MARK: Changes

  /// The registry's list is now this one: links are made to the new servers, and those to dead ones stopped.
  func apply(_ records: [ServerRecord], make: (ServerRecord) -> ServerLink) {
    state.withLock { state in
      guard !state.isStopped else { return }
      let change = state.servers.apply(records, at: .now())
      for record in change.link {
        let link = make(record)
        state.links[record.instance] = link
        for kick in state.strayKicks.take(for: record.instance) { link.push(.kick(kick)) }
      }
      for instance in change.unlink { state.drop(instance) }
      for record in records { state.died.remove(record.instance) }
    }
  }

  /// A server tells its conversations; the first time its link is up.
  func take(_ interest: CimV1.Interest, of instance: ServerInstance, isFirst: Bool) {
    state.withLock { state in
      guard state.links[instance] != nil else { return }
      state.interest.apply(interest, of: instance, isFirst: isFirst)
      guard isFirst else { return }
      state.servers.linkUp(instance, at: .now())
      state.failing.remove(instance)
    }
  }

  /// A server tells how many clients are connected to it, and what it has done.
  func take(_ ping: CimV1.LinkPing, of instance: ServerInstance) {
    state.withLock { $0.servers.tell(Int(ping.connections ?? 0), ping.work, of: instance) }
  }

  /// A server's link is down.
  ///
  /// - Returns: whether this is the first failure in a row.
  func down(_ instance: ServerInstance) -> Bool {
    state.withLock { state in
      state.interest.remove(instance)
      if state.servers.linkDown(instance, at: .now()) { state.drop(instance) }
      return state.links[instance] != nil && state.failing.insert(instance).inserted
    }
  }

  /// Ends all links behind what was sent on them. Returns when the servers have ended them, too, or when they are stopped.
  func finish() async {
    let links = state.withLock { state in
      state.isStopped = true
      return Array(state.links.values)
    }
    await withTaskGroup { group in
      for link in links { group.addTask { await link.finish() } }
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

  /// Servers that died before this route's eyes.
  var died: Set<ServerInstance> { state.withLock { $0.died } }

  /// The store knows these servers yet: others that died need not be remembered.
  func forgetDied(except known: [ServerInstance]) { state.withLock { $0.died.formIntersection(known) } }

  /// The sessions of a server that seemed dead were removed: should it come back, it has to state them again.
  func setMustRestate(_ instance: ServerInstance) { state.withLock { _ = $0.mustRestate.insert(instance) } }

  /// Nothing was removed after all.
  func clearMustRestate(_ instance: ServerInstance) { state.withLock { _ = $0.mustRestate.remove(instance) } }

  /// Whether a server has to state its sessions again; asked again, it has not.
  func takeMustRestate(_ instance: ServerInstance) -> Bool {
    state.withLock { $0.mustRestate.remove(instance) != nil }
  }

  // MARK: What is known

  /// Whether the registry has told its servers.
  var hasBeenRead: Bool { state.withLock { $0.servers.hasBeenRead } }

  /// What is known of the servers that live, each with its link, by ascending id and registration.
  var known: [(server: ServerTable.Entry, link: ServerLink?)] {
    state.withLock { state in state.servers.known.map { ($0, state.links[$0.record.instance]) } }
  }

  /// All servers that live.
  var alive: [ServerInstance] { state.withLock { $0.servers.alive } }

  /// The servers whose link is up.
  var linked: [ServerInstance] {
    state.withLock { state in state.servers.alive.filter(state.servers.isLinked) }
  }

  /// How many clients the servers that take clients have, as far as is known here.
  var connections: [ServerID: Int] {
    state.withLock { state in
      Dictionary(uniqueKeysWithValues: state.servers.candidates.map { ($0.id, $0.connections) })
    }
  }

  /// How many servers take clients from here.
  var readyServers: Int { state.withLock { $0.servers.candidates.count } }

  /// Those of the sessions whose server lives.
  func alive(_ sessions: [CIMCore.Session]) -> [CIMCore.Session] {
    state.withLock { state in sessions.filter { state.servers.isAlive($0.instance) } }
  }

  /// Whether a server's link is up.
  func isLinked(_ instance: ServerInstance) -> Bool { state.withLock { $0.servers.isLinked(instance) } }

  /// The servers that have told of members of a conversation, by ascending id.
  func interested(in conversation: Conversation) -> [ServerInstance] {
    state.withLock { $0.interest.servers(of: conversation.description) }.sorted { $0.id < $1.id }
  }

  /// Whether a server has members of a conversation.
  func isInterested(_ instance: ServerInstance) -> (String) -> Bool {
    { conversation in
      self.state.withLock { $0.interest.servers(of: conversation).contains(instance) }
    }
  }

  /// The server for a user's client; nil when none takes clients. The client counts as one of the server's from here on.
  ///
  /// - Parameter avoided: the id of one that is taken only when there is no other.
  func choose(for user: UserID, avoiding avoided: String) -> ServerRecord? {
    state.withLock { state in
      let chosen = state.balancer.choose(among: state.servers.candidates, avoiding: avoided, for: user)
      guard let server = chosen?.server else { return nil }
      state.servers.send(to: server.instance)
      return server
    }
  }

  // MARK: Frames

  /// Sends a message to every server that has members of its conversation, and to those of which that is not known yet.
  ///
  /// - Parameter bytes: about how large it is.
  func broadcast(_ message: CimV1.Message, bytes: Int) {
    state.withLock { state in
      // Under the lock, so that messages that come one after the other reach each link in that order.
      let interested = state.interest.servers(of: message.conversation)
      for (instance, link) in state.links
      where interested.contains(instance) || !state.servers.isLinked(instance) {
        link.push(.deliver(message, to: [], bytes: bytes))
      }
    }
  }

  /// Sends a message to sessions on the server of a registration.
  ///
  /// - Returns: false when no such server is known.
  func deliver(
    _ message: CimV1.Message, to sessions: [CimV1.SessionRef], on instance: ServerInstance, bytes: Int
  ) -> Bool {
    push(.deliver(message, to: sessions, bytes: bytes), to: instance)
  }

  /// Tells the server of a registration how far conversations reach.
  ///
  /// - Returns: false when no such server is known.
  func tell(_ tails: [CimV1.Tail], on instance: ServerInstance) -> Bool { push(.tell(tails), to: instance) }

  /// Tells sessions on the server of a registration who has got and read what they said; nobody while its link is down or full.
  func tell(_ receipts: [CimV1.LinkReceipt], on instance: ServerInstance) {
    var rest = receipts[...]
    while !rest.isEmpty {
      let part = Array(rest.prefix(Self.receiptsPerFrame))
      rest = rest.dropFirst(Self.receiptsPerFrame)
      _ = push(.hint(.receipts(CimV1.LinkReceipts(receipts: part))), to: instance)
    }
  }

  /// How many receipts one frame has: of a group of 100 that is 300 KB.
  private static let receiptsPerFrame = 100

  /// Tells a user's sessions on the server of a registration how far the user has read; nobody while its link is down.
  func tell(_ marks: CimV1.LinkReadMarks, on instance: ServerInstance) {
    _ = push(.send(.readMarks(marks)), to: instance)
  }

  /// Closes a session on its server. A server that is not known may be about to be: the kick waits for it for a while.
  func kick(_ session: CIMCore.Session, _ reason: CimV1.KickReason, _ detail: String) {
    let kick = CimV1.KickSession(
      session: CimV1.SessionRef(session), kick: CimV1.Kick(reason: reason, detail: detail))
    guard !push(.kick(kick), to: session.instance) else { return }
    state.withLock { $0.strayKicks.add(kick, for: session.instance, at: .now()) }
  }

  /// Asks a server whether it has sessions; nothing is asked while its link is down.
  func probe(_ sessions: [CIMCore.Session], on instance: ServerInstance) {
    let probe = CimV1.Probe(sessions: sessions.map(CimV1.SessionRef.init))
    state.withLock { _ = $0.links[instance]?.push(.send(.probe(probe))) }
  }

  /// Asks all servers to state their sessions again.
  ///
  /// - Parameters:
  ///   - name: servers do it once for each name.
  ///   - isOwed: whether those whose link is not up are asked when it is.
  func restate(name: String, isOwed: Bool) {
    state.withLock { state in
      for link in state.links.values { link.push(.restate(name: name, isOwed: isOwed)) }
    }
  }

  /// Asks one server to state its sessions again, if it lives.
  func restate(name: String, on instance: ServerInstance) {
    _ = push(.restate(name: name, isOwed: true), to: instance)
  }

  private func push(_ command: LinkCommand, to instance: ServerInstance) -> Bool {
    state.withLock { state in
      let link = state.link(to: instance)
      return link?.push(command) ?? false
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
    died.insert(instance)
  }
}
