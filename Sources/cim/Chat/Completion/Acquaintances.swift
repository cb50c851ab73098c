import CIMCore
import Synchronization

/// Whom and what the user has met in this chat, for completing names: users who have said something or were listed, and
/// groups of which the user is a member.
final class Acquaintances: Sendable {
  private struct State {
    var users: [UserID: Account] = [:]
    var groups: Set<GroupID> = []
  }

  /// How many users are remembered; who comes later is not.
  private static let limit = 10_000

  private let state = Mutex(State())

  func note(_ users: some Sequence<Account>) {
    self.state.withLock { state in
      for user in users where state.users.count < Self.limit { state.users[user.id] = user }
    }
  }

  func note(_ groups: some Sequence<GroupID>) {
    self.state.withLock { $0.groups.formUnion(groups) }
  }

  func forget(_ group: GroupID) {
    self.state.withLock { _ = $0.groups.remove(group) }
  }

  /// By ascending id.
  var users: [Account] { self.state.withLock { $0.users.values.sorted { $0.id < $1.id } } }

  /// By ascending id.
  var groups: [GroupID] { self.state.withLock { $0.groups.sorted() } }
}
