import CIMCore
import CIMProtos

/// Which servers live: those in the registry, and those whose link is up.
///
/// A server is dead when it has left the registry *and* its link is down. One that has left while its link is up gets no
/// new clients, and keeps those it has.
struct ServerTable: Sendable {
  /// What a new list of servers leads to.
  struct Change: Hashable {
    /// Servers to make a link to.
    var link: [ServerRecord] = []
    /// Servers that are dead: their links are to be stopped.
    var unlink: [ServerInstance] = []
  }

  /// What is known of a server that lives.
  struct Entry: Hashable {
    /// What it tells of itself.
    fileprivate(set) var record: ServerRecord
    /// Whether it stands in the registry.
    fileprivate(set) var isRegistered = true
    /// Whether its link is up.
    fileprivate(set) var isLinked = false
    /// Since when its link is up or down.
    fileprivate(set) var since: Timestamp
    /// How many clients it has.
    fileprivate(set) var load = ServerLoad()
    /// What it has done, as it told last; nil while its link is down.
    fileprivate(set) var work: CimV1.ServerWork?
  }

  private var entries: [ServerInstance: Entry] = [:]
  /// Whether a list has come.
  private(set) var hasBeenRead = false

  /// The registry's list is now this one.
  mutating func apply(_ records: [ServerRecord], at now: Timestamp) -> Change {
    hasBeenRead = true
    var change = Change()
    let registered = Set(records.map(\.instance))
    for (instance, entry) in entries where entry.isRegistered && !registered.contains(instance) {
      entries[instance]?.isRegistered = false
      if !entry.isLinked {
        entries[instance] = nil
        change.unlink.append(instance)
      }
    }
    for record in records {
      if entries[record.instance] == nil { change.link.append(record) }
      entries[record.instance, default: Entry(record: record, since: now)].record = record
      entries[record.instance]?.isRegistered = true
    }
    return change
  }

  /// A link is up.
  mutating func linkUp(_ instance: ServerInstance, at now: Timestamp) { setLinked(true, instance, now) }

  /// A link is down.
  ///
  /// - Returns: whether the server is dead.
  mutating func linkDown(_ instance: ServerInstance, at now: Timestamp) -> Bool {
    setLinked(false, instance, now)
    entries[instance]?.load = ServerLoad()
    entries[instance]?.work = nil
    guard entries[instance]?.isRegistered == false else { return false }
    entries[instance] = nil
    return true
  }

  private mutating func setLinked(_ isLinked: Bool, _ instance: ServerInstance, _ now: Timestamp) {
    // A try that fails while the link is down changes nothing.
    guard entries[instance]?.isLinked == !isLinked else { return }
    entries[instance]?.isLinked = isLinked
    entries[instance]?.since = now
  }

  /// A server has told how many clients are connected to it, and what it has done.
  mutating func tell(_ connections: Int, _ work: CimV1.ServerWork?, of instance: ServerInstance) {
    entries[instance]?.load.tell(connections)
    entries[instance]?.work = work
  }

  /// A client is sent to a server.
  mutating func send(to instance: ServerInstance) { entries[instance]?.load.send() }

  /// Whether a server lives, so that its sessions count.
  func isAlive(_ instance: ServerInstance) -> Bool { entries[instance] != nil }

  /// Whether a server's link is up.
  func isLinked(_ instance: ServerInstance) -> Bool { entries[instance]?.isLinked == true }

  /// What is known of the servers that live, by ascending id and registration.
  var known: [Entry] {
    entries.values.sorted {
      ($0.record.instance.id, $0.record.instance.incarnation.rawValue)
        < ($1.record.instance.id, $1.record.instance.incarnation.rawValue)
    }
  }

  /// All servers that live.
  var alive: [ServerInstance] { Array(entries.keys) }

  /// Another registration of the same server, the one whose link is up if there is one: the server may have kept its
  /// sessions.
  func successor(of instance: ServerInstance) -> ServerInstance? {
    let others = entries.filter { $0.key.id == instance.id && $0.key != instance }
    return (others.first { $0.value.isLinked } ?? others.first)?.key
  }

  /// The servers that take clients, by ascending id.
  var candidates: [Candidate] {
    entries.values.filter { $0.isRegistered && $0.isLinked && !$0.record.isDraining }
      .map { Candidate(server: $0.record, connections: $0.load.connections) }
      .sorted { $0.id < $1.id }
  }
}
