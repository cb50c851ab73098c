import CIMCore
import CIMProtos
import Logging
import NIOCore
import Synchronization

/// Tells senders how far others have got and read what they said.
///
/// Receipts are hints: they are collected for a moment, so that many moves are told as one, and what can't be told is dropped. A
/// later one says more, and the stores say at any time how it stands.
final class ReceiptDesk: Sendable {
  fileprivate struct State {
    var pending: PendingReceipts
    var large: LargeGroups
    var isTelling = false
  }

  /// For how long a group that was too large is taken for too large.
  private static let largeFor = TimeAmount.seconds(60)
  private static let maxLargeGroups = 65_536

  private let stores: Stores
  private let accounts: KnownAccounts
  private let links: LinkSet
  private let rules: ReceiptRules
  private let counters: RouteCounters
  private let logger: Logger
  private let state: Mutex<State>
  private let activity = Activity()

  init(
    stores: Stores, accounts: KnownAccounts, links: LinkSet, rules: ReceiptRules, counters: RouteCounters,
    logger: Logger
  ) {
    self.stores = stores
    self.accounts = accounts
    self.links = links
    self.rules = rules
    self.counters = counters
    self.logger = logger
    state = Mutex(
      State(
        pending: PendingReceipts(capacity: rules.maxPending),
        large: LargeGroups(lifetime: Self.largeFor, capacity: Self.maxLargeGroups)))
  }

  /// Marks of users have moved.
  func take(_ moves: [MarkMove], _ kind: PendingReceipts.Kind) {
    guard !moves.isEmpty else { return }
    let now = NIODeadline.now()
    let (mustTell, dropped) = state.withLock { state in
      var dropped = 0
      for move in moves where state.isWorthTelling(move.conversation, at: now) {
        if !state.pending.add(move, kind) { dropped += 1 }
      }
      guard !state.isTelling, !state.pending.isEmpty else { return (false, dropped) }
      state.isTelling = true
      activity.begin()
      return (true, dropped)
    }
    counters.droppedReceipts.count(dropped)
    if mustTell { Task { await tell() } }
  }

  /// Returns when everything is told.
  func waitUntilIdle() async { await activity.waitUntilIdle() }

  private func tell() async {
    while true {
      try? await Task.sleep(for: rules.interval)
      let pending = state.withLock { state in
        if state.pending.isEmpty {
          state.isTelling = false
          activity.end()
        }
        return state.pending.takeAll()
      }
      guard !pending.isEmpty else { return }
      do {
        try await tell(pending)
      } catch {
        counters.droppedReceipts.count(pending.count)
        logger.debug("receipts could not be told", metadata: ["error": "\(error)"])
      }
    }
  }

  /// However many there are, the stores are asked a few times, one after the other.
  private func tell(_ pending: [PendingReceipts.Key: PendingReceipts.Stretch]) async throws(StoreError) {
    let members = try await members(of: Set(pending.keys.map(\.conversation)))
    let ends = try await stores.log.ends(of: members.mapValues(Set.init))
    let audience = ReceiptAudience(members: members, ends: ends)
    var recipients: [PendingReceipts.Key: [UserID]] = [:]
    for (key, stretch) in pending {
      let users = audience.recipients(of: key, stretch)
      if !users.isEmpty { recipients[key] = users }
    }
    guard !recipients.isEmpty else { return }
    let sessions = try await stores.sessions.sessions(of: Array<UserID>(Set(recipients.values.joined())))
    let readers = try await accounts.accounts(Array<UserID>(Set(recipients.keys.map(\.reader))))
    let names = Dictionary(uniqueKeysWithValues: readers.map { ($0.id, CimV1.User($0)) })
    var told: [ServerInstance: [CimV1.LinkReceipt]] = [:]
    for (key, users) in recipients {
      guard let stretch = pending[key], let reader = names[key.reader] else { continue }
      let receipt = CimV1.Receipt(
        conversation: key.conversation.description, reader: reader,
        position: CimV1.LogPosition(stretch.to), kind: key.kind == .read ? .read : .delivered)
      let found = users.flatMap { sessions[$0] ?? [] }
      for (instance, group) in Dictionary(grouping: found, by: \.instance) {
        told[instance, default: []].append(
          CimV1.LinkReceipt(sessions: group.map(CimV1.SessionRef.init), receipt: receipt))
      }
    }
    for (instance, receipts) in told {
      counters.receipts.count(receipts.count)
      links.tell(receipts, on: instance)
    }
  }

  /// The members of conversations, but of groups that are too large.
  private func members(
    of conversations: Set<Conversation>
  ) async throws(StoreError) -> [Conversation: [UserID]] {
    var members: [Conversation: [UserID]] = [:]
    for conversation in conversations {
      switch conversation {
      case .lobby: break
      case .direct(let pair): members[conversation] = [pair.lower, pair.higher]
      case .group(let group):
        let found = try await stores.groups.members(of: group, after: nil, limit: rules.maxMembers + 1) ?? []
        if found.count > rules.maxMembers {
          state.withLock { $0.large.insert(group, at: .now()) }
        } else {
          members[conversation] = found
        }
      }
    }
    return members
  }
}

extension ReceiptDesk.State {
  fileprivate func isWorthTelling(_ conversation: Conversation, at now: NIODeadline) -> Bool {
    switch conversation {
    case .lobby: false
    // Nobody else is in a conversation with oneself.
    case .direct(let pair): pair.lower != pair.higher
    case .group(let group): !large.contains(group, at: now)
    }
  }
}
