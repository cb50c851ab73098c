import CIMProtos

/// Names a link within this process, never given twice.
struct LinkID: Hashable, Sendable {
  let rawValue: UInt64
}

/// Which conversations have members here, which routes know it, and who waits until all do.
///
/// Every change has a version. Routes acknowledge versions in order, so one number says all that a route knows.
struct InterestLedger<Waiter: Sendable>: Sendable {
  private struct Membership {
    var members: Int
    /// The version that announced the conversation.
    let since: UInt64
  }

  private var version: UInt64 = 1
  private var memberships: [String: Membership] = [:]
  private var acknowledged: [LinkID: UInt64] = [:]
  private var waiters: [(version: UInt64, waiter: Waiter)] = []

  /// A session became a member.
  ///
  /// - Returns: what all links must be told, if it is the first in any of them.
  mutating func join(_ conversations: [String]) -> CimV1.Interest? {
    var added: [String] = []
    for conversation in conversations {
      if memberships[conversation] != nil {
        memberships[conversation]?.members += 1
      } else {
        memberships[conversation] = Membership(members: 1, since: version + 1)
        added.append(conversation)
      }
    }
    guard !added.isEmpty else { return nil }
    version += 1
    return CimV1.Interest(version: version, added: added)
  }

  /// A session that had joined is a member no more.
  ///
  /// - Returns: what all links must be told, if it was the last in any of them.
  mutating func leave(_ conversations: [String]) -> CimV1.Interest? {
    var removed: [String] = []
    for conversation in conversations {
      guard let members = memberships[conversation]?.members else { continue }
      if members > 1 {
        memberships[conversation]?.members = members - 1
      } else {
        memberships[conversation] = nil
        removed.append(conversation)
      }
    }
    guard !removed.isEmpty else { return nil }
    version += 1
    return CimV1.Interest(version: version, removed: removed)
  }

  /// A link is there.
  ///
  /// - Returns: what it must be told first: everything.
  mutating func linkUp(_ link: LinkID) -> CimV1.Interest {
    acknowledged[link] = 0
    return CimV1.Interest(version: version, added: memberships.keys.sorted())
  }

  /// A link is gone; nobody waits for it any more.
  ///
  /// - Returns: who need not wait any more.
  mutating func linkDown(_ link: LinkID) -> [Waiter] {
    acknowledged[link] = nil
    return release()
  }

  /// The route at the other end of a link sends according to a version.
  ///
  /// - Returns: who need not wait any more.
  mutating func acknowledge(_ version: UInt64, by link: LinkID) -> [Waiter] {
    guard let known = acknowledged[link], known < version else { return [] }
    acknowledged[link] = version
    return release()
  }

  /// Waits until every linked route knows that `conversations`, which have been joined, have members here.
  ///
  /// - Returns: whether they all know already; the waiter is not kept then.
  mutating func wait(_ waiter: Waiter, for conversations: [String]) -> Bool {
    guard let since = conversations.compactMap({ memberships[$0]?.since }).max(), since > knownToAll else {
      return true
    }
    waiters.append((since, waiter))
    return false
  }

  private var knownToAll: UInt64 { acknowledged.values.min() ?? .max }

  private mutating func release() -> [Waiter] {
    guard !waiters.isEmpty else { return [] }
    let known = knownToAll
    let released = waiters.filter { $0.version <= known }.map(\.waiter)
    waiters.removeAll { $0.version <= known }
    return released
  }
}
